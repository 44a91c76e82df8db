package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What PEFT's tests assert of merging; the numbers are those of docs/conformance.md. */
class FourierLinearMergeTest extends LayerTest {
  @Test
  void behaviour09MergedUnmergedAndUnloadedOutputsAreEqual() {
    FourierLinear layer = layer("default");
    float[] live = forward(layer);
    layer.disableAdapters();
    float[] base = forward(layer);
    layer.enableAdapters();
    assertTrue(error(live, base) > 0.01);
    Matrix unloaded = layer.mergedWeight(false, List.of("default"));
    FourierLinear plain =
        new FourierLinear(engine(), unloaded, layer.bias(), FourierLinearOptions.defaults());
    assertTrue(error(forward(plain), live) < 1e-6);
    assertEquals(List.of("default"), layer.merge(false));
    assertTrue(error(forward(layer), live) < 1e-6);
    assertTrue(layer.unmerge());
    assertTrue(error(forward(layer), live) < 1e-6);
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"F16", "BF16", "F64"})
  void behaviour10MergingWorksInEveryFormat(ElementType type) {
    FourierLinear layer = layer(type, FourierLinearOptions.defaults(), "default");
    float[] live = forward(layer);
    layer.merge(true);
    assertEquals(type, layer.weight().elementType());
    assertTrue(error(forward(layer), live) < (type == ElementType.F64 ? 1e-6 : 0x1p-6));
  }

  @Test
  void behaviour11SecondMergeChangesNothingAndWarns() {
    FourierLinear layer = layer("default");
    layer.merge(false);
    float[] once = LayerSamples.floats(layer.weight());
    List<String> warnings = warnings(() -> assertEquals(List.of(), layer.merge(false)));
    assertEquals(List.of("All adapters are already merged, nothing to do."), warnings);
    assertArrayEquals(once, LayerSamples.floats(layer.weight()));
  }

  @Test
  void behaviour12SafeMergeOfAGoodAdapterEqualsThePlainOne() {
    FourierLinear plain = layer("default");
    FourierLinear safe = layer("default");
    plain.merge(false);
    safe.merge(true);
    assertArrayEquals(LayerSamples.floats(plain.weight()), LayerSamples.floats(safe.weight()));
    assertEquals(safe.weight().cols(), safe.weight().stride());
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  void behaviour13SafeMergeRefusesWhatIsNotFiniteAndChangesNothing(float broken) {
    FourierLinear layer = layer("good", "b");
    float[] spectrum = layer.adapter("b").spectrum();
    spectrum[0] = broken;
    layer.updateSpectrum("b", spectrum);
    float[] before = LayerSamples.floats(layer.weight());
    MergeException refusal =
        assertThrows(MergeException.class, () -> layer.merge(true, List.of("good", "b")));
    assertTrue(
        String.valueOf(refusal.getMessage())
            .startsWith("NaNs detected in the merged weights. The adapter b seems to be broken"));
    assertEquals(List.of(), layer.mergedAdapters());
    assertArrayEquals(before, LayerSamples.floats(layer.weight()));
    assertThrows(MergeException.class, () -> layer.mergedWeight(true, List.of("good", "b")));
  }

  @Test
  void plainMergeWritesWhatIsNotFinite() {
    FourierLinear layer = layer("a");
    float[] spectrum = layer.adapter("a").spectrum();
    spectrum[0] = Float.NaN;
    layer.updateSpectrum("a", spectrum);
    layer.merge(false);
    assertTrue(Float.isNaN(LayerSamples.host(layer.weight()).get(0, 0)));
  }

  @Test
  void behaviour14AnySelectionCanBeMerged() {
    FourierLinear layer = layer("default", "adapter-2");
    float[] first = forward(layer);
    layer.setActiveAdapters(List.of("adapter-2"));
    float[] second = forward(layer);
    FourierLinear both = unloaded(layer, "adapter-2", "default");
    assertTrue(error(forward(both), first) > 0.01);
    assertTrue(error(forward(both), second) > 0.01);
    assertTrue(error(forward(unloaded(layer, "default")), first) < 1e-6);
    assertTrue(error(forward(unloaded(layer, "adapter-2")), second) < 1e-6);
    assertEquals(List.of(), layer.mergedAdapters());
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"F16", "BF16"})
  void behaviour15EveryStepWorksInLowPrecision(ElementType type) {
    FourierLinear layer = layer(type, FourierLinearOptions.defaults(), "default");
    float[] live = forward(layer);
    layer.merge(false);
    assertTrue(error(forward(layer), live) < 0x1p-5);
    layer.unmerge();
    assertTrue(error(forward(layer), live) < 0x1p-5);
    layer.merge(true);
    assertTrue(error(forward(layer), live) < 0x1p-5);
    layer.unmerge();
    assertTrue(error(forward(unloaded(layer, "default")), live) < 0x1p-5);
    if (!LayerSamples.isOnHost()) {
      return;
    }
    // Float activations over a weight of 16 bits take the place of autocast.
    HostMatrix wide = LayerSamples.gaussian(7, IN, 3);
    for (float y : LayerSamples.forward(layer, wide)) {
      assertTrue(Float.isFinite(y));
    }
  }

  @Test
  void behaviour32MergingOneAfterTheOtherEqualsMergingBoth() {
    for (ElementType type : types()) {
      FourierLinear sequence = layer(type, FourierLinearOptions.defaults(), "a", "b");
      FourierLinear together = layer(type, FourierLinearOptions.defaults(), "a", "b");
      float[] base = LayerSamples.floats(sequence.weight());
      sequence.merge(false, List.of("a"));
      List<String> warnings =
          warnings(() -> assertEquals(List.of("b"), sequence.merge(false, List.of("a", "b"))));
      assertEquals(
          List.of("Already following adapters were merged a. You are now additionally merging b."),
          warnings);
      together.merge(false, List.of("a", "b"));
      assertArrayEquals(
          LayerSamples.floats(together.weight()), LayerSamples.floats(sequence.weight()));
      assertEquals(List.of("a", "b"), sequence.mergedAdapters());
      sequence.unmerge();
      assertEquals(List.of(), sequence.mergedAdapters());
      double tolerance = type.sizeInBytes() == 2 ? 0x1p-6 : 1e-6;
      assertTrue(error(LayerSamples.floats(sequence.weight()), base) < tolerance);
    }
  }

  @Test
  void orderOfMergingIsKeptBecauseEachRoundingCounts() {
    FourierLinear forwards = layer(ElementType.BF16, FourierLinearOptions.defaults(), "a", "b");
    FourierLinear backwards = layer(ElementType.BF16, FourierLinearOptions.defaults(), "a", "b");
    forwards.merge(false, List.of("a", "b"));
    backwards.merge(false, List.of("b", "a"));
    assertEquals(List.of("b", "a"), backwards.mergedAdapters());
    float[] one = LayerSamples.floats(forwards.weight());
    float[] other = LayerSamples.floats(backwards.weight());
    int different = 0;
    for (int i = 0; i < one.length; i++) {
      different += one[i] == other[i] ? 0 : 1;
    }
    assertTrue(different > 0);
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void keptCopyMakesUnmergeExact(ElementType type) {
    FourierLinear layer =
        layer(type, FourierLinearOptions.defaults().withKeepsOriginalWeight(true), "a", "b");
    Matrix given = layer.weight();
    layer.merge(false, List.of("a"));
    layer.merge(false, List.of("b"));
    layer.unmerge();
    assertEquals(given, layer.weight());
  }

  @Test
  void mergeNeverWritesTheWeightThatWasGiven() {
    Matrix given = LayerSamples.put(LayerSamples.gaussian(OUT, IN, 1));
    float[] before = LayerSamples.floats(given);
    FourierLinear layer = new FourierLinear(engine(), given, null, FourierLinearOptions.defaults());
    layer.addAdapter("a", adapter(4));
    layer.merge(false);
    layer.unmerge();
    assertArrayEquals(before, LayerSamples.floats(given));
  }

  @Test
  void unmergingWhatIsNotMergedWarns() {
    FourierLinear layer = layer("a");
    List<String> warnings = warnings(() -> assertEquals(false, layer.unmerge()));
    assertEquals(List.of("Already unmerged. Nothing to do."), warnings);
  }

  @Test
  void mergedLayerIgnoresFurtherActiveAdapters() {
    FourierLinear layer = layer("a", "b");
    layer.setActiveAdapters(List.of("a", "b"));
    layer.merge(false, List.of("a"));
    float[] merged = forward(layer);
    assertTrue(error(forward(unloaded(layer, "a")), merged) < 1e-6);
    assertEquals(List.of("a", "b"), layer.activeAdapters());
  }

  @Test
  void mergedAdapterCannotChange() {
    FourierLinear layer = layer("a");
    layer.merge(false);
    assertThrows(MergeException.class, () -> layer.updateSpectrum("a", new float[N]));
    layer.renameAdapter("a", "renamed");
    assertEquals(List.of("renamed"), layer.mergedAdapters());
    layer.unmerge();
    layer.updateSpectrum("renamed", new float[N]);
  }

  @Test
  void disabledAdaptersAreNotMerged() {
    FourierLinear layer = layer("a");
    layer.disableAdapters();
    assertThrows(MergeException.class, () -> layer.merge(false));
  }

  private static FourierLinear unloaded(FourierLinear layer, String... names) {
    return new FourierLinear(
        engine(),
        layer.mergedWeight(false, List.of(names)),
        layer.bias(),
        FourierLinearOptions.defaults());
  }
}
