package io.fourierft.peft;

import static io.fourierft.peft.PeftSamples.adapter;
import static io.fourierft.peft.PeftSamples.base;
import static io.fourierft.peft.PeftSamples.biased;
import static io.fourierft.peft.PeftSamples.matching;
import static io.fourierft.peft.PeftSamples.names;
import static io.fourierft.peft.PeftSamples.saved;
import static io.fourierft.peft.PeftSamples.squares;
import static io.fourierft.peft.PeftSamples.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.Randperm;
import io.fourierft.WeightLayout;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of an adapter and a base that fit, and what is refused of two that do not. */
class AdapterResolverTest {
  private static final ResolveOptions DEFAULTS = ResolveOptions.defaults();
  private static final ResolveOptions WITHOUT_AUTOCAST = DEFAULTS.withAutocastAdapterDtype(false);
  private static final String JINA = "{\"model_type\": \"jina_embeddings_v3\"}";

  private static List<String> notes(PeftAdapter adapter, BaseModel base) {
    return adapter.resolve(base, DEFAULTS).notes();
  }

  private static void assertOneNote(String words, List<String> notes) {
    assertEquals(1, notes.size(), notes.toString());
    assertTrue(notes.getFirst().contains(words), notes.toString());
  }

  @Test
  void nothingIsNotedOfWhatIsPlain() {
    List<TensorInfo> tensors = new ArrayList<>(biased("layers.0.q", 8, 8));
    tensors.addAll(biased("layers.0.up", 12, 8));
    assertEquals(List.of(), notes(adapter(names("q"), "layers.0.q"), base("{}", tensors)));
    assertEquals(
        List.of(),
        adapter(names("q"), "layers.0.q").resolve(base("{}", tensors), WITHOUT_AUTOCAST).notes());
  }

  @Test
  void namesThatDifferAreNoted() {
    PeftAdapter prefixed = adapter(names("q"), "bert.layer.0.q");
    assertOneNote(
        "begin with 'bert.' where the base model's begin with ''",
        notes(prefixed, squares("{}", "layer.0.q")));
    PeftAdapter current = adapter(names("o_proj"), "layers.0.self_attn.o_proj");
    BaseModel jina = squares(JINA, "encoder.layers.0.mixer.out_proj");
    assertOneNote("as transformers renames them when it loads", notes(current, jina));
    ResolveOptions renaming = DEFAULTS.withRenames(List.of(NameRename.parse("^blk\\.=layers.")));
    PeftAdapter asked = adapter(names("q"), "blk.0.q");
    assertOneNote(
        "were changed as asked", asked.resolve(squares("{}", "layers.0.q"), renaming).notes());
  }

  @Test
  void withoutTargetsThoseOfTheModelTypeHold() {
    BaseModel llama = squares("{\"model_type\": \"llama\"}", "layers.0.q_proj", "layers.0.k_proj");
    FourierFtConfigBuilder untold = FourierFtConfig.builder().nFrequency(3);
    assertEquals(List.of(), notes(adapter(untold, "layers.0.q_proj"), llama));
    Refusal.says(
        () -> notes(adapter(untold, "layers.0.k_proj"), llama),
        "adapter: spectrum 'base_model.model.layers.0.k_proj.fourierft_spectrum' is left over");
  }

  /** PEFT wraps {@code pre_classifier} for {@code classifier}, but targets it as well. */
  @Test
  void aTargetThatIsBroughtWholeNeedsNoSpectrum() {
    BaseModel base =
        base(
            "{}",
            Stream.of("layers.0.q", "layers.0.pre_classifier", "layers.0.classifier")
                .flatMap(module -> biased(module, 8, 8).stream())
                .toList());
    FourierFtConfigBuilder config =
        names("q", "pre_classifier").modulesToSave(List.of("classifier"));
    List<ExtraTensor> head =
        List.of(saved("layers.0.classifier.weight", 8, 8), saved("layers.0.classifier.bias", 8));
    ExtraTensor bias = saved("layers.0.pre_classifier.bias", 8);
    List<ExtraTensor> whole = new ArrayList<>(head);
    whole.add(bias);
    whole.add(saved("layers.0.pre_classifier.weight", 8, 8));
    PeftAdapter adapter = adapter(config, "layers.0.q");
    adapter.withExtraTensors(whole).resolve(base, DEFAULTS);
    List<ExtraTensor> half = new ArrayList<>(head);
    half.add(bias);
    Refusal.says(
        () -> adapter.withExtraTensors(half).resolve(base, DEFAULTS),
        "module 'layers.0.pre_classifier' of the base model is targeted but has no spectrum");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "1; spectrum for, is not in",
        "2; (the same holds for 'layers.1.q'); give",
        "5; (the same holds for 'layers.1.q', 'layers.2.q', 'layers.3.q', 'layers.4.q');",
        "7; 'layers.1.q', 'layers.2.q', 'layers.3.q', 'layers.4.q' and 2 more)"
      })
  void fiveOfTheMissingAreNamed(int count, String words) {
    String[] modules =
        IntStream.range(0, count).mapToObj(i -> "layers." + i + ".q").toArray(String[]::new);
    Refusal.says(() -> notes(adapter(names("q"), modules), squares("{}", "x")), words.strip());
  }

  @Test
  void anAdaptedLayerIsAsLargeAsItWasInTraining() {
    BaseModel base =
        base("{}", tensor("model.embed_tokens.weight", 12, 8), tensor("lm_head.weight", 12, 8));
    PeftAdapter grown =
        adapter(names("lm_head"), "lm_head")
            .withExtraTensors(List.of(saved("lm_head.weight", 14, 8)));
    ResolvedModule head = grown.resolve(base, DEFAULTS).modules().getFirst();
    assertEquals(14, head.adapter().rows());
    assertEquals(8, head.adapter().cols());
  }

  @ParameterizedTest
  @CsvSource({"0, 4", "4, 0", "2147483648, 1", "1, 2147483648"})
  void aWeightOfNoSupportedSizeIsRefused(long rows, long cols) {
    BaseModel base = base("{}", tensor("q.weight", rows, cols));
    Refusal.says(
        () -> notes(adapter(names("q"), "q"), base),
        "has shape [" + rows + ", " + cols + "], out of what is supported");
  }

  @ParameterizedTest
  @CsvSource({"2147483647, 1", "1, 2147483647", "3, 1"})
  void theLargestAndTheSmallestWeightsAreTaken(long rows, long cols) {
    BaseModel base = base("{}", tensor("q.weight", rows, cols));
    ResolvedAdapter resolved =
        adapter(names("q"), "q").resolve(base, DEFAULTS.withRandperm(Randperm.LEGACY));
    assertEquals(List.of(), resolved.notes(), "LEGACY was said");
    ResolvedModule module = resolved.modules().getFirst();
    assertEquals(rows, module.adapter().rows());
    assertEquals(cols, module.adapter().cols());
  }

  @Test
  void theFlagTellsOfASquareThatNothingElseTellsOf() {
    BaseModel square = base("{}", biased("layers.0.q", 8, 8));
    ResolvedAdapter plain = adapter(names("q"), "layers.0.q").resolve(square, DEFAULTS);
    assertEquals(WeightLayout.OUT_IN, plain.modules().getFirst().layout());
    assertEquals(
        List.of(
            "'layers.#.q.weight' is square; it is taken as [out, in], since fan_in_fan_out is"
                + " false"),
        plain.notes());
    ResolvedAdapter flagged =
        adapter(names("q").fanInFanOut(true), "layers.0.q").resolve(square, DEFAULTS);
    assertEquals(WeightLayout.IN_OUT, flagged.modules().getFirst().layout());
    assertOneNote("taken as [in, out], since fan_in_fan_out is true", flagged.notes());
  }

  @Test
  void aFlagThatNoWeightBearsOutIsNoted() {
    BaseModel base = squares("{}", "layers.0.q");
    assertEquals(
        List.of(
            "fan_in_fan_out is true, but the base model stores every adapted weight [out, in],"
                + " which holds"),
        notes(adapter(names("q").fanInFanOut(true), "layers.0.q"), base));
    BaseModel conv1d = base("{}", tensor("h.0.c_fc.weight", 8, 12), tensor("h.0.c_fc.bias", 12));
    assertOneNote(
        "weight [in, out], which holds", notes(adapter(names("c_fc"), "h.0.c_fc"), conv1d));
    BaseModel both =
        base(
            "{}",
            tensor("h.0.c_fc.weight", 8, 12),
            tensor("h.0.c_fc.bias", 12),
            tensor("h.0.q.weight", 8, 8));
    assertEquals(List.of(), notes(adapter(names("c_fc", "q"), "h.0.c_fc", "h.0.q"), both));
  }

  @Test
  void aSpectrumThatPeftWouldRoundIsNotedOfHalfPrecisionWeightsAlone() {
    for (DType dtype : List.of(DType.F16, DType.BF16)) {
      BaseModel base = base("{}", tensor("q.weight", dtype, 8, 8));
      assertOneNote(
          "is F32 on a " + dtype + " weight",
          adapter(names("q"), "q").resolve(base, WITHOUT_AUTOCAST).notes());
    }
    BaseModel full = base("{}", tensor("q.weight", DType.F64, 8, 8));
    assertEquals(List.of(), adapter(names("q"), "q").resolve(full, WITHOUT_AUTOCAST).notes());
  }

  @Test
  void theOneSizeThatTorchMissesIsNoted() {
    assertOneNote(
        "'q' is 2048 x 2048: there torch's ifft2",
        notes(adapter(names("q"), "q"), base("{}", tensor("q.weight", 2048, 2048))));
    for (TensorInfo other :
        List.of(tensor("q.weight", 2048, 1024), tensor("q.weight", 1024, 2048))) {
      assertEquals(List.of(), notes(adapter(names("q"), "q"), base("{}", other)));
    }
  }

  /** The parts that a model splits a tensor into are asked for, or the whole, never both. */
  @Test
  void ofAFusedWeightTheWholeOrTheParts() {
    BaseModel base =
        base(
            JINA,
            tensor("encoder.layers.0.mixer.Wqkv.weight", 24, 8),
            tensor("encoder.layers.0.mixer.out_proj.weight", 8, 8));
    String attention = "layers.0.self_attn.";
    String[] parts = {attention + "k_proj", attention + "q_proj", attention + "v_proj"};
    FourierFtConfigBuilder anyModel = names("Wqkv", "q_proj", "k_proj", "v_proj");
    assertEquals(3, adapter(anyModel, parts).resolve(base, DEFAULTS).modules().size());
    PeftAdapter whole = adapter(anyModel, "layers.0.mixer.Wqkv");
    assertEquals(
        List.of("encoder.layers.0.mixer.Wqkv.weight"),
        whole.resolve(base, DEFAULTS).modules().getFirst().weights());
    Refusal.says(
        () -> adapter(anyModel, parts[0], parts[1]).resolve(base, DEFAULTS),
        "module '" + parts[2] + "' of the base model is targeted");
    FourierFtConfigBuilder more = names("q_proj", "k_proj", "v_proj", "o_proj");
    Refusal.says(
        () -> adapter(more, parts).resolve(base, DEFAULTS),
        "module '" + attention + "o_proj' of the base model is targeted");
  }

  /** What is only another name of the embedding proves no module of the adapted model. */
  @Test
  void aTiedOutputIsNotAskedFor() {
    BaseModel bert =
        squares(
            "{\"model_type\": \"bert\"}",
            "bert.embeddings.word_embeddings",
            "bert.encoder.layer.0.attention.self.query");
    PeftAdapter all = adapter(matching("all-linear"), "bert.encoder.layer.0.attention.self.query");
    assertTrue(bert.ties().aliases().containsKey("cls.predictions.decoder.weight"));
    List<String> notes = notes(all, bert);
    assertFalse(notes.toString().contains("decoder"), notes.toString());
  }
}
