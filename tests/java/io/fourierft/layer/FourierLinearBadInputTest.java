package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.OneEngineTest;
import io.fourierft.ShapeException;
import io.fourierft.internal.host.ElementRuns;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Every kind of bad input has its own message, and leaves outputs and layer as they were. */
class FourierLinearBadInputTest extends OneEngineTest {
  private static final int OUT = 6;
  private static final int IN = 4;

  private static FourierLinear layer(ElementType type) {
    FourierLinear layer =
        new FourierLinear(
            engine(),
            LayerSamples.gaussian(type, OUT, IN, 1),
            null,
            FourierLinearOptions.defaults());
    layer.addAdapter("a", LayerSamples.adapter(OUT, IN, 5, 2));
    return layer;
  }

  private static <T extends RuntimeException> void refuses(
      Class<T> type, String words, Executable call) {
    T refusal = assertThrows(type, call);
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains(words), message);
  }

  @Test
  void biasOfAnotherLengthIsRefused() {
    refuses(
        ShapeException.class,
        "the bias is 1 x 5, but must be 1 x 6",
        () ->
            new FourierLinear(
                engine(),
                LayerSamples.zeros(OUT, IN),
                LayerSamples.zeros(1, 5),
                FourierLinearOptions.defaults()));
  }

  @Test
  void anotherBiasThatDoesNotFitIsRefused() {
    FourierLinear layer = layer(ElementType.F32);
    refuses(
        ShapeException.class,
        "the bias is 2 x 6, but must be 1 x 6",
        () -> layer.updateBias(LayerSamples.zeros(2, OUT)));
    assertNull(layer.bias());
  }

  @Test
  void placesForTheGradientOfTheBiasThatDoNotFitAreRefused() {
    FourierLinear layer = layer(ElementType.F32);
    HostMatrix x = LayerSamples.gaussian(2, IN, 3);
    HostMatrix g = LayerSamples.gaussian(2, OUT, 4);
    HostMatrix gx = LayerSamples.zeros(2, IN);
    float[] memory = new float[OUT + 2];
    HostMatrix target = Matrix.of(memory, 1, OUT);
    HostMatrix overlapping = Matrix.of(memory, 3, 1, 5, 5);
    try (LinearTape tape = layer.newTape(2)) {
      layer.forward(x, LayerSamples.zeros(2, OUT), tape);
      refuses(
          ShapeException.class,
          "this layer has no bias",
          () -> layer.backward(tape, g, gx, Map.of(), target));
      layer.updateBias(LayerSamples.gaussian(1, OUT, 5));
      layer.forward(x, LayerSamples.zeros(2, OUT), tape);
      refuses(
          ShapeException.class,
          "the gradient of the bias is BF16 1 x 6, but must be F32 1 x 6",
          () ->
              layer.backward(tape, g, gx, Map.of(), LayerSamples.zeros(ElementType.BF16, 1, OUT)));
      refuses(
          ShapeException.class,
          "the gradient of the bias overlaps the gradient of adapter 'a'",
          () -> layer.backward(tape, g, gx, Map.of("a", overlapping), target));
      refuses(
          ShapeException.class,
          "the gradient of the bias overlaps g",
          () -> layer.backward(tape, g, gx, Map.of(), g.slice(1, 1)));
      refuses(
          ShapeException.class,
          "the gradient of the bias is written, but its memory is read-only",
          () ->
              layer.backward(
                  tape,
                  g,
                  gx,
                  Map.of(),
                  Matrix.of(target.data().asReadOnly(), ElementType.F32, 1, OUT)));
    }
    assertArrayEquals(new float[2 * IN], LayerSamples.floats(gx));
    assertArrayEquals(new float[OUT + 2], memory);
  }

  @Test
  void adapterOfAnotherShapeIsRefused() {
    FourierLinear layer = layer(ElementType.F32);
    refuses(
        ShapeException.class,
        "is for 4 x 6, but this layer is 6 x 4",
        () -> layer.addAdapter("b", LayerSamples.adapter(IN, OUT, 5, 2)));
    assertEquals(List.of("a"), layer.adapterNames());
  }

  @Test
  void wrongFeatureCountsAreRefused() {
    FourierLinear layer = layer(ElementType.F32);
    refuses(
        ShapeException.class,
        "x has 5 columns, but this layer needs 4",
        () -> layer.forward(LayerSamples.zeros(2, 5), LayerSamples.zeros(2, OUT)));
    refuses(
        ShapeException.class,
        "y has 5 columns, but this layer needs 6",
        () -> layer.forward(LayerSamples.zeros(2, IN), LayerSamples.zeros(2, 5)));
    refuses(
        ShapeException.class,
        "x has 2 tokens and y has 3",
        () -> layer.forward(LayerSamples.zeros(2, IN), LayerSamples.zeros(3, OUT)));
  }

  @Test
  void elementTypesThatDoNotFitAreRefused() {
    FourierLinear layer = layer(ElementType.BF16);
    refuses(
        ShapeException.class,
        "x is F32 and y is BF16",
        () ->
            layer.forward(LayerSamples.zeros(1, IN), LayerSamples.zeros(ElementType.BF16, 1, OUT)));
    refuses(
        ShapeException.class,
        "x is F16 but the base weight is BF16; use that type, or F32",
        () ->
            layer.forward(
                LayerSamples.zeros(ElementType.F16, 1, IN),
                LayerSamples.zeros(ElementType.F16, 1, OUT)));
  }

  @Test
  void strideShorterThanARowIsRefused() {
    refuses(
        ShapeException.class,
        "stride 3 is smaller than the 4 columns",
        () -> Matrix.of(new float[100], 0, 2, IN, 3));
  }

  @Test
  void overlappingMemoryIsRefused() {
    FourierLinear layer = layer(ElementType.F32);
    float[] memory = new float[30];
    refuses(
        ShapeException.class,
        "y overlaps x in memory",
        () -> layer.forward(Matrix.of(memory, 0, 2, IN, 4), Matrix.of(memory, 4, 2, OUT, 6)));
    refuses(
        ShapeException.class,
        "y overlaps the base weight",
        () -> {
          FourierLinear square =
              new FourierLinear(
                  engine(), Matrix.of(memory, 4, 4), null, FourierLinearOptions.defaults());
          square.forward(LayerSamples.zeros(1, 4), Matrix.of(memory, 8, 1, 4, 4));
        });
  }

  @Test
  void interleavedColumnsOfOneBufferAreNotAnOverlap() {
    FourierLinear layer = layer(ElementType.F32);
    float[] memory = new float[2 * (IN + OUT)];
    HostMatrix x = Matrix.of(memory, 0, 2, IN, IN + OUT);
    HostMatrix y = Matrix.of(memory, IN, 2, OUT, IN + OUT);
    HostMatrix source = LayerSamples.gaussian(2, IN, 3);
    for (int t = 0; t < 2; t++) {
      new ElementRuns().store(x, t, 0, IN, LayerSamples.floats(source), t * IN);
    }
    layer.forward(x, y);
    assertArrayEquals(LayerSamples.forward(layer, source), LayerSamples.floats(y));
  }

  @Test
  void readOnlyOutputIsRefused() {
    FourierLinear layer = layer(ElementType.F32);
    HostMatrix readOnly =
        Matrix.of(MemorySegment.ofArray(new float[OUT]).asReadOnly(), ElementType.F32, 1, OUT);
    refuses(
        ShapeException.class,
        "read-only",
        () -> layer.forward(LayerSamples.zeros(1, IN), readOnly));
  }

  @Test
  void namesThatCannotBeAreRefused() {
    FourierLinear layer = layer(ElementType.F32);
    FourierAdapter adapter = LayerSamples.adapter(OUT, IN, 5, 2);
    refuses(AdapterNameException.class, "not blank", () -> layer.addAdapter(" ", adapter));
    refuses(AdapterNameException.class, "contains a '.'", () -> layer.addAdapter("x.y", adapter));
    refuses(
        AdapterNameException.class,
        "stands for the base layer",
        () -> layer.addAdapter(FourierLinear.BASE, adapter));
    refuses(AdapterNameException.class, "contains a '.'", () -> layer.renameAdapter("a", "b.c"));
    assertEquals(List.of("a"), layer.adapterNames());
  }

  @Test
  void unknownNamesAreRefusedEverywhere() {
    FourierLinear layer = layer(ElementType.F32);
    List<Executable> calls =
        List.of(
            () -> layer.adapter("zzz"),
            () -> layer.deleteAdapter("zzz"),
            () -> layer.renameAdapter("zzz", "b"),
            () -> layer.updateSpectrum("zzz", new float[5]),
            () -> layer.setActiveAdapters(List.of("a", "zzz")),
            () -> layer.merge(false, List.of("zzz")),
            () -> layer.mergedWeight(false, List.of("zzz")));
    for (Executable call : calls) {
      refuses(AdapterNameException.class, "'zzz' is not in this layer; it has [a]", call);
    }
    assertEquals(List.of("a"), layer.activeAdapters());
    assertEquals(List.of(), layer.mergedAdapters());
  }

  @Test
  void nameGivenTwiceIsRefused() {
    FourierLinear layer = layer(ElementType.F32);
    refuses(AdapterNameException.class, "named twice", () -> layer.merge(false, List.of("a", "a")));
    refuses(
        AdapterNameException.class,
        "named twice",
        () -> layer.setActiveAdapters(List.of("a", "a")));
  }

  @Test
  void spectrumOfAnotherLengthIsRefused() {
    FourierLinear layer = layer(ElementType.F32);
    refuses(
        ShapeException.class,
        "4 coefficients does not fit 5 locations",
        () -> layer.updateSpectrum("a", new float[4]));
  }

  @Test
  void zeroTokensAreAllowed() {
    FourierLinear layer = layer(ElementType.F32);
    HostMatrix gradient = LayerSamples.zeros(1, 5);
    try (LinearTape tape = layer.newTape(2)) {
      layer.forward(LayerSamples.zeros(0, IN), LayerSamples.zeros(0, OUT), tape);
      layer.backward(
          tape, LayerSamples.zeros(0, OUT), LayerSamples.zeros(0, IN), Map.of("a", gradient));
      layer.forward(LayerSamples.zeros(0, IN), LayerSamples.zeros(0, OUT), List.of());
    }
    assertArrayEquals(new float[5], LayerSamples.floats(gradient));
  }

  @Test
  void nonFiniteCoefficientsPropagate() {
    FourierLinear layer = layer(ElementType.F32);
    layer.updateSpectrum("a", new float[] {1, Float.NaN, 0, 0, 0});
    for (float y : LayerSamples.forward(layer, LayerSamples.gaussian(2, IN, 3))) {
      assertTrue(Float.isNaN(y));
    }
  }

  @Test
  void zeroCoefficientsGiveExactlyTheBase() {
    FourierLinear layer = layer(ElementType.F32);
    HostMatrix x = LayerSamples.gaussian(3, IN, 3);
    layer.updateSpectrum("a", new float[5]);
    float[] withZeros = LayerSamples.forward(layer, x);
    layer.disableAdapters();
    assertArrayEquals(LayerSamples.forward(layer, x), withZeros);
  }

  /** Nothing is read or written before the refusal, so the memory need not be there. */
  @Test
  void moreTokensThanAnArrayHoldsAreRefused() {
    FourierLinear layer = layer(ElementType.F32);
    int tokens = (Integer.MAX_VALUE - 8) / OUT + 1;
    HostMatrix x = pretended(tokens, IN, 1L << 40);
    HostMatrix y = pretended(tokens, OUT, 1L << 41);
    refuses(ShapeException.class, "are too many for one call", () -> layer.forward(x, y));
  }

  private static HostMatrix pretended(int rows, int cols, long address) {
    MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(4L * rows * cols);
    return Matrix.of(memory, ElementType.F32, rows, cols);
  }

  @Test
  void tapesAreChecked() {
    FourierLinear layer = layer(ElementType.F32);
    FourierLinear other = layer(ElementType.F32);
    HostMatrix x = LayerSamples.gaussian(3, IN, 3);
    HostMatrix y = LayerSamples.zeros(3, OUT);
    LinearTape tape = layer.newTape(2);
    refuses(
        ShapeException.class, "3 tokens do not fit a tape of 2", () -> layer.forward(x, y, tape));
    refuses(
        FourierException.class,
        "the tape is empty",
        () -> layer.backward(tape, LayerSamples.zeros(2, OUT), null, Map.of()));
    refuses(
        FourierException.class,
        "belongs to another layer",
        () -> other.forward(x.slice(0, 2), y.slice(0, 2), tape));
    layer.forward(x.slice(0, 2), y.slice(0, 2), tape);
    refuses(
        ShapeException.class,
        "g has 3 tokens, but the forward pass of this tape had 2",
        () -> layer.backward(tape, LayerSamples.zeros(3, OUT), null, Map.of()));
    refuses(
        ShapeException.class,
        "must be F32 1 x 5",
        () ->
            layer.backward(
                tape, LayerSamples.zeros(2, OUT), null, Map.of("a", LayerSamples.zeros(1, 4))));
    refuses(
        AdapterNameException.class,
        "'zzz' is not in this layer",
        () ->
            layer.backward(
                tape, LayerSamples.zeros(2, OUT), null, Map.of("zzz", LayerSamples.zeros(1, 4))));
    HostMatrix g = LayerSamples.zeros(2, OUT);
    HostMatrix gx = LayerSamples.zeros(2, IN);
    refuses(
        ShapeException.class,
        "g has 5 columns, but this layer needs 6",
        () -> layer.backward(tape, LayerSamples.zeros(2, OUT - 1), null, Map.of()));
    refuses(
        ShapeException.class,
        "gx has 3 columns, but this layer needs 4",
        () -> layer.backward(tape, g, LayerSamples.zeros(2, IN - 1), Map.of()));
    HostMatrix readOnly =
        Matrix.of(MemorySegment.ofArray(new byte[20]).asReadOnly(), ElementType.F32, 1, 5);
    refuses(
        ShapeException.class,
        "the gradient of adapter 'a' is written, but its memory is read-only",
        () -> layer.backward(tape, g, gx, Map.of("a", readOnly)));
    refuses(
        ShapeException.class,
        "the gradient of adapter 'a' overlaps g in memory",
        () -> layer.backward(tape, g, gx, Map.of("a", Matrix.of(g.data(), ElementType.F32, 1, 5))));
    refuses(
        ShapeException.class,
        "the gradient of adapter 'a' overlaps gx in memory",
        () ->
            layer.backward(tape, g, gx, Map.of("a", Matrix.of(gx.data(), ElementType.F32, 1, 5))));
    refuses(AdapterNameException.class, "'a'", () -> layer.mergedWeight(false, List.of("a", "a")));
    tape.close();
    tape.close();
    refuses(
        EngineClosedException.class,
        "the tape was closed",
        () -> layer.backward(tape, LayerSamples.zeros(2, OUT), null, Map.of()));
  }

  @Test
  void useAfterTheEngineWasClosedIsRefused() {
    FourierEngine brief =
        FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1));
    FourierLinear layer =
        new FourierLinear(
            brief, LayerSamples.gaussian(OUT, IN, 1), null, FourierLinearOptions.defaults());
    layer.addAdapter("a", LayerSamples.adapter(OUT, IN, 5, 2));
    brief.close();
    assertThrows(
        EngineClosedException.class,
        () -> LayerSamples.forward(layer, LayerSamples.gaussian(1, IN, 3)));
    assertThrows(EngineClosedException.class, () -> layer.merge(false));
    assertThrows(EngineClosedException.class, () -> layer.newTape(1));
    assertEquals(List.of(), layer.mergedAdapters());
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    FourierLinearOptions options = FourierLinearOptions.defaults();
    refuses(FourierException.class, "deltaCacheBytes is -1", () -> options.withDeltaCacheBytes(-1));
    refuses(FourierException.class, "threads is -1", () -> options.withThreads(-1));
  }
}
