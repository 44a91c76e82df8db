package io.fourierft.peft;

import static io.fourierft.peft.PeftSamples.adapter;
import static io.fourierft.peft.PeftSamples.base;
import static io.fourierft.peft.PeftSamples.matching;
import static io.fourierft.peft.PeftSamples.names;
import static io.fourierft.peft.PeftSamples.saved;
import static io.fourierft.peft.PeftSamples.squares;
import static io.fourierft.peft.PeftSamples.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names of an adapter, of a base's files and of the model of today, from one to the other. */
class BaseNamesTest {
  private static final ResolveOptions DEFAULTS = ResolveOptions.defaults();
  private static final String JINA = "{\"model_type\": \"jina_embeddings_v3\"}";
  private static final String LLAVA = "{\"model_type\": \"llava\"}";

  @Test
  void aPathGetsAndLosesWhatOnlyOneSideHas() {
    BaseNaming longer = new BaseNaming("", "model.");
    assertEquals("layers.0.q", longer.toAdapter("model.layers.0.q"));
    assertEquals("lm_head", longer.toAdapter("lm_head"));
    assertEquals("model.layers.0.q", longer.toBase("layers.0.q"));
    BaseNaming shorter = new BaseNaming("bert.", "");
    assertEquals("bert.layer.0.q", shorter.toAdapter("layer.0.q"));
    assertEquals("layer.0.q", shorter.toBase("bert.layer.0.q"));
    assertEquals("classifier", shorter.toBase("classifier"));
  }

  private static Set<String> weights(ResolvedAdapter resolved) {
    return resolved.modules().stream()
        .map(module -> module.slices().getFirst().weight())
        .collect(Collectors.toSet());
  }

  /** An output embedding stands beside the trunk, which alone has, or lacks, what goes before. */
  @ParameterizedTest
  @CsvSource({
    "transformer.h.0.q, h.0.q, transformer.",
    "h.0.q, transformer.h.0.q, ''",
    "transformer.h.0.q, transformer.h.0.q, ''"
  })
  void aHeadIsFoundAsItIsWhateverGoesBeforeTheTrunk(String adapted, String stored, String prefix) {
    PeftAdapter adapter = adapter(names("q", "lm_head"), "lm_head", adapted);
    String embedding = stored.substring(0, stored.indexOf("h.0")) + "wte";
    BaseModel tied = squares("{\"model_type\": \"gpt2\"}", stored, embedding);
    for (BaseModel base : List.of(tied, squares("{}", stored, "lm_head"))) {
      ResolvedAdapter resolved = adapter.resolve(base, DEFAULTS);
      assertEquals(prefix, resolved.prefix());
      assertEquals(Set.of("lm_head.weight", stored + ".weight"), weights(resolved));
    }
    Refusal.says(() -> adapter.resolve(squares("{}", stored, "head"), DEFAULTS), "'lm_head");
    Refusal.says(
        () -> adapter.resolve(squares("{}", "lm_head", "h.1.q"), DEFAULTS),
        "'%s.weight', of a module".formatted(adapted));
  }

  /** What is missing has the name that the adapter would have for it. */
  @Test
  void aMissingModuleIsNamedAsTheAdapterNamesItsPeers() {
    NameRename rename = NameRename.parse("^blk\\.(\\d+)\\.e\\.=layers.\\1.experts.");
    BaseModel experts = squares("{}", "layers.0.experts.0.q", "layers.0.experts.1.q");
    PeftAdapter adapter = adapter(matching("blk\\.\\d+\\.e\\.\\d+\\.q"), "blk.0.e.0.q");
    Refusal.says(
        () -> adapter.resolve(experts, DEFAULTS.withRenames(List.of(rename))),
        "module 'blk.0.e.1.q' of the base model is targeted but has no spectrum");
    BaseModel model = squares("{}", "model.layers.0.q", "model.layers.0.up");
    Refusal.says(
        () -> adapter(matching("layers\\.\\d+\\.(q|up)"), "layers.0.q").resolve(model, DEFAULTS),
        "module 'layers.0.up' of the base model");
  }

  /** Of the ways to read names under which all modules are found, the plain one holds. */
  @Test
  void anAdapterWithTheNamesOfTheFilesIsReadByThem() {
    BaseModel base =
        base(
            JINA,
            tensor("encoder.layers.0.mixer.Wqkv.weight", 24, 8),
            tensor("encoder.layers.0.mixer.out_proj.weight", 8, 8));
    PeftAdapter half = adapter(names("out_proj", "Wqkv"), "encoder.layers.0.mixer.out_proj");
    Refusal.says(
        () -> half.resolve(base, DEFAULTS),
        "module 'encoder.layers.0.mixer.Wqkv' of the base model is targeted");
  }

  /** Of two old names that are read as one, the one that its neighbours have. */
  @Test
  void aNewTensorIsCalledAsTheBasesOwnBesideIt() {
    String layer = "model.language_model.layers.1.";
    for (String stored : List.of("language_model.layers.", "language_model.model.layers.")) {
      BaseModel llava =
          squares(
              LLAVA, "language_model.lm_head", stored + "0.mlp.up_proj", stored + "1.mlp.up_proj");
      PeftAdapter adapter =
          adapter(
                  names("up_proj"),
                  "model.language_model.layers.0.mlp.up_proj",
                  layer + "mlp.up_proj")
              .withExtraTensors(
                  List.of(
                      saved(layer + "mlp.gate.weight", 2, 8),
                      saved(layer + "router.weight", 3, 8),
                      saved("lm_head.scale", 3)));
      assertEquals(
          Set.of(
              stored + "1.mlp.gate.weight",
              stored + "1.router.weight",
              "language_model.lm_head.scale"),
          adapter.resolve(llava, DEFAULTS).newTensors());
    }
  }

  @Test
  void aNewTensorLosesWhatOnlyTheAdapterHasBeforeItsNames() {
    PeftAdapter shorter =
        adapter(names("q"), "bert.layer.0.q")
            .withExtraTensors(List.of(saved("bert.layer.0.gate.weight", 2, 8)));
    assertEquals(
        Set.of("layer.0.gate.weight"),
        shorter.resolve(squares("{}", "layer.0.q"), DEFAULTS).newTensors());
    PeftAdapter longer =
        adapter(names("q").modulesToSave(List.of("score")), "layers.0.q")
            .withExtraTensors(List.of(saved("score.weight", 2, 8)));
    assertEquals(
        Set.of("score.weight"),
        longer.resolve(squares("{}", "model.layers.0.q"), DEFAULTS).newTensors());
  }

  @Test
  void aRenamingThatKeepsANameConfirmsItAndNoOtherDoes() {
    BaseModel base = base("{}", tensor("layers.0.q.weight", 8, 8), tensor("head.fc.weight", 2, 8));
    PeftAdapter adapter =
        adapter(names("q").modulesToSave(List.of("neck")), "layers.0.q")
            .withExtraTensors(List.of(saved("neck.fc.weight", 2, 8)));
    ResolveOptions kept = DEFAULTS.withRenames(List.of(NameRename.parse("^neck\\.fc$=neck.fc")));
    assertEquals(Set.of("neck.fc.weight"), adapter.resolve(base, kept).newTensors());
    ResolveOptions moved = DEFAULTS.withRenames(List.of(NameRename.parse("^neck=front")));
    Refusal.says(() -> adapter.resolve(base, moved), "in the same place is 'head.fc'");
    ResolveOptions other =
        DEFAULTS.withRenames(List.of(NameRename.parse("^layers\\.0\\.q$=layers.0.q")));
    Refusal.says(() -> adapter.resolve(base, other), "in the same place is 'head.fc'");
  }

  @Test
  void anUnknownTensorKeepsItsNameOrGetsTodays() {
    ResolvedAdapter resolved =
        adapter(names("up_proj"), "model.language_model.layers.0.up_proj")
            .resolve(squares(LLAVA, "language_model.model.layers.0.up_proj"), DEFAULTS);
    assertEquals("score.weight", resolved.currentNames().apply("score.weight"));
    assertEquals(
        "model.language_model.norm.weight",
        resolved.currentNames().apply("language_model.model.norm.weight"));
  }
}
