package io.fourierft.peft;

import static io.fourierft.peft.PeftSamples.matching;
import static io.fourierft.peft.PeftSamples.names;
import static io.fourierft.peft.PeftSamples.saved;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** New adapters, as {@code get_peft_model} makes them of a configuration and a base. */
class NewAdapterTest {
  @TempDir Path folder;
  private final List<Tensor> tensors = new ArrayList<>();

  @BeforeEach
  void layers() {
    for (String module : List.of("layers.0.q", "layers.0.k", "embed_tokens")) {
      tensors.add(ModelFiles.matrix(module + ".weight", DType.F32, 4, 4, 1, 1));
    }
    tensors.add(ModelFiles.vector("layers.0.q.bias", DType.F32, 4, 2));
    tensors.add(ModelFiles.vector("layers.0.norm.weight", DType.F32, 4, 2));
    tensors.add(ModelFiles.vector("layers.0.norm.bias", DType.F32, 4, 3));
  }

  private PeftAdapter create(FourierFtConfigBuilder config, ExtraTensor... given)
      throws IOException {
    return create("{}", config, given);
  }

  private PeftAdapter create(
      String modelConfig, FourierFtConfigBuilder config, ExtraTensor... given) throws IOException {
    Path base = ModelFiles.model(folder, modelConfig, tensors.toArray(new Tensor[0]));
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(base)) {
      return PeftAdapter.create(config.build(), BaseModel.open(base), checkpoint, List.of(given));
    }
  }

  private static List<String> tensorsOf(PeftAdapter adapter) {
    return adapter.extraTensors().stream().map(ExtraTensor::key).toList();
  }

  @Test
  void aTaskTrainsTheHeadThatIsThereOrGiven() throws IOException {
    assertEquals(List.of(), create(names("q")).config().modulesToSave());
    Refusal.says(
        () -> create(names("q").taskType("SEQ_CLS")),
        "task_type SEQ_CLS trains a head",
        "give its first values");
    PeftAdapter given = create(names("q").taskType("TOKEN_CLS"), saved("score.weight", 2, 4));
    assertEquals(List.of("score"), given.config().modulesToSave());
    assertEquals(List.of("base_model.model.score.weight"), tensorsOf(given));
    tensors.add(ModelFiles.matrix("classifier.weight", DType.F32, 2, 4, 1, 4));
    PeftAdapter there = create(names("q").taskType("SEQ_CLS"));
    assertEquals(List.of("classifier"), there.config().modulesToSave());
    assertEquals(List.of("base_model.model.classifier.weight"), tensorsOf(there));
    PeftAdapter named = create(names("q").taskType("SEQ_CLS").modulesToSave(List.of("classifier")));
    assertEquals(List.of("classifier"), named.config().modulesToSave(), "once");
    PeftAdapter other = create(names("q").taskType("CAUSAL_LM"));
    assertEquals(List.of(), other.config().modulesToSave());
  }

  @Test
  void onlyLinearLayersAreTargets() {
    Refusal.says(
        () -> create(names("embed_tokens")), "'embed_tokens' is targeted, but is an embedding");
    tensors.add(ModelFiles.matrix("model.wte.weight", DType.F32, 4, 4, 1, 1));
    Refusal.says(() -> create(names("wte")), "'model.wte' is targeted, but is an embedding");
    Refusal.says(
        () -> create(names("norm")), "'layers.0.norm.weight' is targeted, but has shape [4]");
    Refusal.says(() -> create(matching("all-linear")), "asks for the classes of modules");
  }

  /** What a file does not hold by this name, since it is one with another tensor. */
  @Test
  void aTiedOutputIsToldWithWhatItIsOneWithAndTheWayOut() throws IOException {
    tensors.clear();
    tensors.add(ModelFiles.matrix("model.embed_tokens.weight", DType.F32, 8, 4, 1, 1));
    tensors.add(ModelFiles.matrix("model.layers.0.self_attn.q_proj.weight", DType.F32, 4, 4, 1, 1));
    String tied = "{\"model_type\": \"llama\", \"tie_word_embeddings\": true}";
    for (FourierFtConfigBuilder config :
        List.of(
            names("lm_head"),
            names("q_proj", "lm_head"),
            names("q_proj", "lm_head").taskType("CAUSAL_LM"),
            matching(".*(q_proj|lm_head)"))) {
      Refusal.says(
          () -> create(tied, config),
          "'lm_head' is targeted, but the base model holds no 'lm_head.weight'",
          "it is one with 'model.embed_tokens.weight' (tie_word_embeddings)",
          "take it out of target_modules, name it in exclude_modules",
          "save it with 'lm_head.weight' as a tensor of its own and with tie_word_embeddings:"
              + " false");
    }
    Refusal.says(
        () -> create(tied, names("q_proj").modulesToSave(List.of("lm_head"))),
        "modules_to_save names 'lm_head', whose 'lm_head.weight' is one with"
            + " 'model.embed_tokens.weight' in the base model (tie_word_embeddings)",
        "give its first values");
    assertEquals(1, create(tied, names("q_proj")).modules().size());
    FourierFtConfigBuilder without =
        names("q_proj", "lm_head").excludeModules(ModuleSelection.names("lm_head"));
    assertEquals(1, create(tied, without).modules().size());
    assertEquals(
        List.of("base_model.model.lm_head.weight"),
        tensorsOf(
            create(
                tied,
                names("q_proj").modulesToSave(List.of("lm_head")),
                saved("lm_head.weight", 8, 4))));
    assertEquals(
        1,
        create(tied, matching(".*(q_proj|lm_head)").taskType("FEATURE_EXTRACTION"))
            .modules()
            .size(),
        "has no output embedding");

    String untied = "{\"model_type\": \"llama\", \"tie_word_embeddings\": false}";
    tensors.add(ModelFiles.matrix("lm_head.weight", DType.F32, 8, 4, 1, 1));
    assertEquals(2, create(untied, names("q_proj", "lm_head")).modules().size());
  }

  @Test
  void targetsThatNameNothingAreToldWithTheNearest() {
    Refusal.says(
        () -> create(names("layers.0.qq", "z")),
        "Target modules [layers.0.qq, z] not found",
        "the nearest are 'layers.0.q'");
    Refusal.says(
        () -> create(matching("layers.0.kk")),
        "Target modules 'layers.0.kk' not found",
        "the nearest are 'layers.0.k'");
    Refusal.says(() -> create(names()), "Target modules [] not found");
  }

  @Test
  void aModuleToSaveIsThereOrGivenAndEveryGivenTensorIsAskedFor() throws IOException {
    Refusal.says(
        () -> create(names("q").modulesToSave(List.of("norm", "head"))),
        "modules_to_save names 'head', which the base model does not have");
    Refusal.says(
        () -> create(names("q").modulesToSave(List.of("head")), saved("tail.weight", 2, 4)),
        "modules_to_save [head] does not take in 'tail.weight', which was given");
    Refusal.says(
        () -> create(names("q"), saved("h.weight", 2), saved("h.weight", 2)), "was given twice");
    assertEquals(
        List.of("base_model.model.layers.0.norm.bias", "base_model.model.layers.0.norm.weight"),
        tensorsOf(create(names("q").modulesToSave(List.of("norm")))));
  }

  @Test
  void biasesAreThoseOfTheTargetsOrAll() throws IOException {
    String own = "base_model.model.layers.0.q.base_layer.bias";
    assertEquals(List.of(), tensorsOf(create(names("q"))));
    assertEquals(List.of(own), tensorsOf(create(names("q").bias("fourier_only"))));
    assertEquals(
        List.of("base_model.model.layers.0.norm.bias", own),
        tensorsOf(create(names("q").bias("all"))));
    assertEquals(
        List.of("base_model.model.layers.0.norm.bias", "base_model.model.layers.0.q.bias"),
        tensorsOf(create(names("k").bias("all"))));
  }
}
