package io.fourierft.peft;

import static io.fourierft.peft.PeftSamples.base;
import static io.fourierft.peft.PeftSamples.biased;
import static io.fourierft.peft.PeftSamples.squares;
import static io.fourierft.peft.PeftSamples.tensor;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.WeightLayout;
import io.fourierft.safetensors.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The modules and tensors of a base, by the names of its files and of the model of today. */
class BaseModelTest {
  private static final String LLAVA = "{\"model_type\": \"llava\"}";
  private static final String JINA = "{\"model_type\": \"jina_embeddings_v3\"}";

  @Test
  void aModuleIsAMatrixWithAPath() {
    BaseModel base =
        base(
            "{}",
            tensor("q.weight", 8, 8),
            tensor("q.bias", 8),
            tensor("norm.weight", 8),
            tensor("weight", 8, 8),
            tensor(".weight", 8, 8),
            tensor("q.scale", 8, 8));
    assertEquals(Set.of("q"), base.modules().keySet());
    assertEquals(8, base.modules().get("q").biasLength().orElse(0));
    Refusal.says(
        () -> base("{}", tensor("q.weight", 8, 8), tensor("q.weight", 8, 8)), "'q.weight' twice");
  }

  private static Optional<WeightLayout> layout(BaseModel base, String module, String choice) {
    return base.layout(
        requireNonNull(base.modules().get(module)),
        ResolveOptions.defaults().withLayouts(List.of(LayoutChoice.parse(choice))));
  }

  /** What is said of a layout holds where nothing proves it, and may not contradict a proof. */
  @Test
  void aLayoutThatIsSaidMayNotContradictABias() {
    List<TensorInfo> tensors = new ArrayList<>(biased("wide", 12, 8));
    tensors.addAll(biased("square", 8, 8));
    tensors.add(tensor("plain.weight", 12, 8));
    BaseModel base = base("{}", tensors);
    Optional<WeightLayout> inOut = Optional.of(WeightLayout.IN_OUT);
    Optional<WeightLayout> outIn = Optional.of(WeightLayout.OUT_IN);
    assertEquals(inOut, layout(base, "square", "in-out"));
    assertEquals(inOut, layout(base, "plain", "in-out"));
    assertEquals(outIn, layout(base, "wide", "out-in"));
    assertEquals(outIn, layout(base, "wide", "in-out=square"));
    Refusal.says(
        () -> layout(base, "wide", "in-out"),
        "'wide.weight' was said to be stored [in, out], but its shape [12, 8] and its bias");
    BaseModel conv1d = base("{}", tensor("c.weight", 8, 12), tensor("c.bias", 12));
    Refusal.says(() -> layout(conv1d, "c", "out-in"), "was said to be stored [out, in], but");
  }

  @Test
  void theModelHasPartsInPlaceOfFusedWeightsAndNothingTwice() {
    BaseModel jina =
        base(
            JINA,
            tensor("encoder.layers.10.mixer.out_proj.weight", 8, 8),
            tensor("encoder.layers.2.mixer.out_proj.weight", 8, 8),
            tensor("encoder.layers.2.mixer.Wqkv.weight", 24, 8));
    String attention = "layers.2.self_attn.";
    List<String> expected =
        List.of(
            attention + "k_proj",
            attention + "o_proj",
            attention + "q_proj",
            attention + "v_proj",
            "layers.10.self_attn.o_proj");
    assertEquals(expected, jina.currentModules());
    assertEquals(
        expected.stream().map(module -> module + ".weight").toList(),
        List.copyOf(jina.currentTensors().keySet()));
    BaseModel tied = squares("{\"model_type\": \"gemma\"}", "model.embed_tokens");
    assertEquals(List.of("model.embed_tokens"), tied.currentModules());
    assertEquals(Set.of("model.embed_tokens.weight"), tied.currentTensors().keySet());
    assertTrue(tied.module("lm_head").isPresent(), "it is the embedding");
  }

  @Test
  void aTiedTensorIsWhereTheStoredOneIs() {
    BaseModel tied = squares("{\"model_type\": \"gemma\"}", "model.embed_tokens");
    BaseTensor head = tied.tensor("lm_head.weight").orElseThrow();
    assertEquals("lm_head.weight", head.name());
    assertEquals(List.of(WeightSlice.whole("model.embed_tokens.weight", 8)), head.slices());
    assertTrue(tied.tensor("score.weight").isEmpty());
  }

  @Test
  void theNamesOfEveryReleaseAreReadAsTodays() {
    String today = "model.language_model.layers.0.q.weight";
    String first = "language_model.model.layers.0.q.weight";
    for (String stored : List.of(today, first)) {
      BaseModel base = base(LLAVA, tensor(stored, 8, 8));
      assertEquals(today, base.currentName(first));
      assertEquals(today, base.currentName(today));
      assertEquals(
          "model.language_model.norm.weight", base.currentName("language_model.model.norm.weight"));
      assertEquals(stored, base.tensor(today).orElseThrow().slices().getFirst().weight());
      assertEquals(
          stored, base.module("model.language_model.layers.0.q").orElseThrow().weight().name());
    }
  }

  /** A file that holds a name of today and the old one of it has two tensors, not one. */
  @Test
  void twoTensorsThatWouldBeReadAsOneKeepTheirNames() {
    String today = "model.language_model.layers.0.q";
    String first = "language_model.model.layers.0.q";
    BaseModel base = squares(LLAVA, today, first, "model.language_model.layers.0.k");
    for (String module : List.of(today, first)) {
      String name = module + ".weight";
      assertEquals(name, base.currentName(name));
      assertEquals(List.of(WeightSlice.whole(name, 8)), base.tensor(name).orElseThrow().slices());
      assertEquals(name, base.module(module).orElseThrow().weight().name());
    }
    assertFalse(base.currentModules().contains(today), "which of the two is not known");
    assertTrue(base.currentModules().contains("model.language_model.layers.0.k"));
  }
}
