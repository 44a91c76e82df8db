package io.fourierft.peft;

import static io.fourierft.peft.PeftSamples.adapter;
import static io.fourierft.peft.PeftSamples.base;
import static io.fourierft.peft.PeftSamples.names;
import static io.fourierft.peft.PeftSamples.saved;
import static io.fourierft.peft.PeftSamples.squares;
import static io.fourierft.peft.PeftSamples.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which tensors of a base take the place of those that an adapter carries whole. */
class ReplacedTensorsTest {
  private static final ResolveOptions DEFAULTS = ResolveOptions.defaults();
  private static final String JINA = "{\"model_type\": \"jina_embeddings_v3\"}";

  private static ResolvedAdapter resolve(
      BaseModel base, FourierFtConfigBuilder config, String module, ExtraTensor... extras) {
    return adapter(config, module).withExtraTensors(List.of(extras)).resolve(base, DEFAULTS);
  }

  private static BaseModel jina(TensorInfo... more) {
    List<TensorInfo> tensors = new ArrayList<>(List.of(more));
    tensors.add(tensor("encoder.layers.0.mixer.Wqkv.weight", 24, 8));
    tensors.add(tensor("encoder.layers.0.mixer.out_proj.weight", 8, 8));
    return base(JINA, tensors);
  }

  /** A new module is refused if nothing of the base, nor modules_to_save, is where it would be. */
  @Test
  void aNewTensorMustHangOnSomething() {
    ExtraTensor far = saved("far.away.fc.weight", 2, 8);
    BaseModel base = squares("{}", "layers.0.q");
    Refusal.says(
        () -> resolve(base, names("q").modulesToSave(List.of("fc")), "layers.0.q", far),
        "'far.away.fc.weight', which the base model does not have; the nearest are");
    Set<String> isNew = Set.of("far.away.fc.weight");
    assertEquals(
        isNew,
        resolve(base, names("q").modulesToSave(List.of("far")), "layers.0.q", far).newTensors());
    BaseModel beside = squares("{}", "layers.0.q", "far.away.norm");
    assertEquals(
        isNew,
        resolve(beside, names("q").modulesToSave(List.of("fc")), "layers.0.q", far).newTensors());
    assertEquals(
        Set.of("fc.weight"),
        resolve(
                base,
                names("q").modulesToSave(List.of("fc")),
                "layers.0.q",
                saved("fc.weight", 2, 8))
            .newTensors());
    // An embedding is no module that modules_to_save names, wherever it stands.
    ExtraTensor embedding =
        new ExtraTensor(
            "base_model.model.far.away.wte.weight",
            "far.away.wte.weight",
            ExtraTensor.Kind.EMBEDDING,
            DType.F32,
            List.of(2L, 8L),
            far.data());
    Refusal.says(
        () -> resolve(base, names("q").modulesToSave(List.of("far")), "layers.0.q", embedding),
        "which the base model does not have");
  }

  @Test
  void whatABiasWasBeforeTrainingIsKnownByTheTrainedOnesName() {
    PeftAdapter trained =
        new PeftAdapter(
            names("q").modulesToSave(List.of("score", "head")).build(),
            List.of(new AdapterModule("layers.0.q", Spectrum.of(1, 2, 3))),
            List.of(
                saved("score.weight", 2, 8),
                saved("score.bias", 2),
                saved("head.weight", 8, 8),
                saved("head.bias", 8)),
            List.of(saved("score.bias", 2), saved("head.bias", 8)),
            List.of());
    BaseModel base =
        base(
            "{}",
            tensor("model.layers.0.q.weight", 8, 8),
            tensor("model.head.weight", 8, 8),
            tensor("model.head.bias", 8));
    assertEquals(
        Set.of("score.bias", "model.head.bias"),
        trained.resolve(base, DEFAULTS).originals().keySet());
  }

  @Test
  void aPartThatIsBroughtClaimsTheTensorThatHoldsIt() {
    String query = "layers.0.self_attn.q_proj.weight";
    ResolvedAdapter resolved =
        resolve(
            jina(tensor("side.q.weight", 8, 8)),
            names("q").modulesToSave(List.of("self_attn", "score")),
            "side.q",
            saved(query, 8, 8),
            saved("layers.0.self_attn.k_proj.weight", 8, 8),
            saved("layers.0.self_attn.v_proj.weight", 8, 8),
            saved("layers.0.self_attn.o_proj.weight", 8, 8),
            saved("score.weight", 24, 8));
    assertEquals(Set.of("score.weight"), resolved.newTensors());
    assertEquals(3, resolved.parts().size());
    assertEquals(
        new WeightSlice("encoder.layers.0.mixer.Wqkv.weight", 0, 8, 8, 1, 0),
        resolved.parts().stream()
            .filter(part -> part.tensor().baseTensor().contains("k_proj"))
            .findFirst()
            .orElseThrow()
            .slice());
    Refusal.says(
        () -> resolve(jina(), names("o_proj"), "layers.0.self_attn.o_proj", saved(query, 9, 8)),
        "of shape [9, 8], but its place in the base model's 'encoder.layers.0.mixer.Wqkv.weight'"
            + " has [8, 8]");
  }

  /** A part brings the tensor that holds it, and no other. */
  @Test
  void aModuleToSaveOfPartsIsWholeIfTheOthersAreThere() {
    FourierFtConfigBuilder saving = names("q").modulesToSave(List.of("layers.0"));
    BaseModel base = jina(tensor("side.q.weight", 8, 8));
    ExtraTensor query = saved("layers.0.self_attn.q_proj.weight", 8, 8);
    ExtraTensor output = saved("layers.0.self_attn.o_proj.weight", 8, 8);
    assertEquals(1, resolve(base, saving, "side.q", query, output).parts().size());
    Refusal.says(
        () -> resolve(base, saving, "side.q", query),
        "takes in 'encoder.layers.0.mixer.out_proj.weight' of the base model, but the adapter has"
            + " no such tensor");
    Refusal.says(
        () -> resolve(base, saving, "side.q", output),
        "takes in 'encoder.layers.0.mixer.Wqkv.weight' of the base model");
  }
}
