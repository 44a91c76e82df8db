package io.fourierft;

import static io.fourierft.EngineSamples.adapter;
import static io.fourierft.EngineSamples.floats;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierEngine.Addition;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What every engine must refuse, each with a message that says what and why. */
public abstract class EngineRefusals extends EngineSuite {
  private static final int ROWS = 6;
  private static final int COLS = 8;

  private final FourierAdapter adapter = adapter(ROWS, COLS, 5, 1);
  private final AdapterRouting routing = AdapterRouting.all(adapter);

  private static HostMatrix zeros(int rows, int cols) {
    return Matrix.of(new float[rows * cols], rows, cols);
  }

  private static void refused(String words, Executable call) {
    ShapeException refusal = assertThrows(ShapeException.class, call);
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains(words), () -> "'" + message + "' should say '" + words + "'");
  }

  @Test
  void wrongShapesAreRefused() {
    refused(
        "out is 6 x 7, but must be 6 x 8",
        () -> engine.deltaWeights(List.of(adapter), List.of(zeros(6, 7))));
    refused(
        "1 adapters need as many matrices for their deltas, but there are 2",
        () -> engine.deltaWeights(List.of(adapter), List.of(zeros(6, 8), zeros(6, 8))));
    refused(
        "weight is 6 x 8, but must be 8 x 6",
        () -> engine.addDelta(adapter, zeros(6, 8), WeightLayout.IN_OUT, Addition.ADD));
    refused("x is 3 x 7, but must be 3 x 8", () -> engine.apply(routing, zeros(3, 7), zeros(3, 6)));
    refused("y is 2 x 6, but must be 3 x 6", () -> engine.apply(routing, zeros(3, 8), zeros(2, 6)));
    refused(
        "g is 3 x 8, but must be 3 x 6",
        () -> engine.applyTransposed(routing, zeros(3, 8), zeros(3, 8)));
    refused(
        "gx is 3 x 6, but must be 3 x 8",
        () -> engine.applyTransposed(routing, zeros(3, 6), zeros(3, 6)));
    refused(
        "1 adapters need as many gradients, but there are 0",
        () -> engine.spectrumGradient(routing, zeros(3, 8), zeros(3, 6), List.of()));
    refused(
        "gradient is 1 x 4, but must be 1 x 5",
        () -> engine.spectrumGradient(routing, zeros(3, 8), zeros(3, 6), List.of(zeros(1, 4))));
    refused(
        "g is 2 x 6, but must be 3 x 6",
        () -> engine.spectrumGradient(routing, zeros(3, 8), zeros(2, 6), List.of(zeros(1, 5))));
    refused(
        "deltaGradient is 8 x 6, but must be 6 x 8",
        () -> engine.spectrumGradientFromDelta(adapter, zeros(8, 6), zeros(1, 5)));
  }

  @Test
  void aRoutingForAnotherNumberOfTokensIsRefused() {
    AdapterRouting two = AdapterRouting.perToken(List.of(adapter), new int[] {0, -1});
    refused(
        "x has 3 tokens, but the routing speaks of 2",
        () -> engine.apply(two, zeros(3, 8), zeros(3, 6)));
    refused(
        "x has 3 tokens, but the routing speaks of 2",
        () -> engine.spectrumGradient(two, zeros(3, 8), zeros(3, 6), List.of(zeros(1, 5))));
  }

  @Test
  void aBackwardPassThatDoesNotFitIsRefused() {
    HostMatrix x = zeros(3, COLS);
    HostMatrix g = zeros(3, ROWS);
    List<HostMatrix> gradient = List.of(zeros(1, 5));
    refused(
        "gx is 3 x 6, but must be 3 x 8",
        () -> engine.backward(routing, x, g, zeros(3, ROWS), gradient));
    refused(
        "g is 2 x 6, but must be 3 x 6",
        () -> engine.backward(routing, x, zeros(2, ROWS), zeros(3, COLS), gradient));
    refused("gx overlaps x", () -> engine.backward(routing, x, g, x, gradient));
    float[] shared = new float[3 * COLS];
    HostMatrix gx = Matrix.of(shared, 3, COLS);
    List<HostMatrix> within = List.of(Matrix.of(shared, 2, 1, 5, 5));
    refused("a gradient overlaps gx", () -> engine.backward(routing, x, g, gx, within));
    try (TokenSpectrum keptX = engine.newTokenSpectrum(3, COLS);
        TokenSpectrum keptG = engine.newTokenSpectrum(3, ROWS)) {
      engine.transform(x, keptX);
      engine.transform(g, keptG);
      refused("a gradient overlaps gx", () -> engine.backward(routing, keptX, keptG, gx, within));
      refused(
          "gx is 2 x 8, but must be 3 x 8",
          () -> engine.backward(routing, keptX, keptG, zeros(2, COLS), gradient));
    }
    assertArrayEquals(new float[3 * COLS], shared);
  }

  @Test
  void wrongElementTypesAreRefused() {
    HostMatrix doubles = Matrix.of(MemorySegment.ofArray(new double[24]), ElementType.F64, 3, 8);
    HostMatrix doublesOut = Matrix.of(MemorySegment.ofArray(new double[18]), ElementType.F64, 3, 6);
    refused("x is F64", () -> engine.apply(routing, doubles, zeros(3, 6)));
    refused("y is F64", () -> engine.apply(routing, zeros(3, 8), doublesOut));
    HostMatrix halves = Matrix.of(MemorySegment.ofArray(new short[5]), ElementType.F16, 1, 5);
    refused(
        "gradient is F16, but must be F32",
        () -> engine.spectrumGradient(routing, zeros(3, 8), zeros(3, 6), List.of(halves)));
  }

  @Test
  void ofTwoMistakesEveryEngineNamesTheSame() {
    HostMatrix doubles = Matrix.of(MemorySegment.ofArray(new double[21]), ElementType.F64, 3, 7);
    refused("x is 3 x 7, but must be 3 x 8", () -> engine.apply(routing, doubles, zeros(3, 6)));
    refused(
        "x is 3 x 7, but must be 3 x 8",
        () -> engine.spectrumGradient(routing, doubles, zeros(3, 6), List.of(zeros(1, 5))));
  }

  @Test
  void overlapsAreRefusedOnTheHeapAndOutsideAndDisjointColumnsAreNot() {
    float[] heap = new float[3 * 14];
    refused(
        "y overlaps x",
        () -> engine.apply(routing, Matrix.of(heap, 3, 8), Matrix.of(heap, 20, 3, 6, 6)));
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(4L * 3 * 14, 8);
      refused(
          "gx overlaps g",
          () ->
              engine.applyTransposed(
                  routing,
                  Matrix.of(memory, ElementType.F32, 3, 6),
                  Matrix.of(memory.asSlice(4L * 17), ElementType.F32, 3, 8)));
    }
    float[] gradient = new float[9];
    AdapterRouting twice = AdapterRouting.all(adapter, adapter);
    refused(
        "gradient 1 overlaps gradient 0",
        () ->
            engine.spectrumGradient(
                twice,
                zeros(2, 8),
                zeros(2, 6),
                List.of(Matrix.of(gradient, 1, 5), Matrix.of(gradient, 4, 1, 5, 5))));
    float[] out = new float[60];
    refused(
        "out matrix",
        () ->
            engine.deltaWeights(
                List.of(adapter, adapter),
                List.of(Matrix.of(out, 6, 8), Matrix.of(out, 12, 6, 8, 8))));
    // x in the first eight columns of each row, y in the last six: they never meet.
    engine.apply(routing, Matrix.of(heap, 0, 3, 8, 14), Matrix.of(heap, 8, 3, 6, 14));
    refused(
        "y overlaps x",
        () -> engine.apply(routing, Matrix.of(heap, 0, 3, 8, 14), Matrix.of(heap, 7, 3, 6, 14)));
  }

  @Test
  void memoryThatCannotBeUsedIsRefused() {
    HostMatrix readOnly =
        Matrix.of(MemorySegment.ofArray(new float[48]).asReadOnly(), ElementType.F32, ROWS, COLS);
    refused("read-only", () -> engine.deltaWeights(List.of(adapter), List.of(readOnly)));
    HostMatrix gone;
    try (Arena arena = Arena.ofShared()) {
      gone = Matrix.of(arena.allocate(4L * 48), ElementType.F32, ROWS, COLS);
    }
    refused("arena", () -> engine.addDelta(adapter, gone, WeightLayout.OUT_IN, Addition.ADD));
  }

  @Test
  void memoryOfADeviceThatIsNotTheEnginesIsRefused() {
    Matrix elsewhere =
        new DeviceMatrix() {
          @Override
          public String device() {
            return "nowhere:0";
          }

          @Override
          public ElementType elementType() {
            return ElementType.F32;
          }

          @Override
          public int rows() {
            return ROWS;
          }

          @Override
          public int cols() {
            return COLS;
          }

          @Override
          public long stride() {
            return COLS;
          }
        };
    refused(
        "out is in memory of device nowhere:0",
        () -> engine.deltaWeights(List.of(adapter), List.of(elsewhere)));
  }

  @Test
  void nothingIsWrittenWhenACallIsRefused() {
    float[] first = floats(48, new Random(1));
    float[] before = first.clone();
    assertThrows(
        ShapeException.class,
        () ->
            engine.deltaWeights(
                List.of(adapter, adapter), List.of(Matrix.of(first, 6, 8), zeros(8, 6))));
    assertArrayEquals(before, first);
  }

  @Test
  void tokenSpectraThatDoNotFitAreRefused() {
    refused("capacity", () -> engine.newTokenSpectrum(-1, 8));
    refused("features", () -> engine.newTokenSpectrum(1, 0));
    try (FourierEngine other = open(1);
        TokenSpectrum foreign = other.newTokenSpectrum(3, COLS);
        TokenSpectrum wide = engine.newTokenSpectrum(3, COLS + 1);
        TokenSpectrum own = engine.newTokenSpectrum(3, COLS);
        TokenSpectrum upstream = engine.newTokenSpectrum(3, ROWS)) {
      refused("another engine", () -> engine.transform(zeros(3, COLS), foreign));
      refused("another engine", () -> engine.apply(routing, foreign, zeros(0, ROWS)));
      refused("x has 8 features", () -> engine.transform(zeros(3, COLS), wide));
      refused("at most 3", () -> engine.transform(zeros(4, COLS), own));
      refused("9 features", () -> engine.apply(routing, wide, zeros(0, ROWS)));
      engine.transform(zeros(3, COLS), own);
      engine.transform(zeros(2, ROWS), upstream);
      refused(
          "x has 3 tokens, but g has 2",
          () -> engine.spectrumGradient(routing, own, upstream, List.of(zeros(1, 5))));
    }
  }

  @Test
  void aClosedSpectrumAndAClosedEngineAreRefused() {
    TokenSpectrum spectrum = engine.newTokenSpectrum(2, COLS);
    spectrum.close();
    spectrum.close();
    EngineClosedException closed =
        assertThrows(EngineClosedException.class, () -> engine.transform(zeros(2, COLS), spectrum));
    assertEquals(
        "the token spectrum was closed, by itself or with its engine; make another with"
            + " newTokenSpectrum",
        closed.getMessage());
    FourierEngine other = open(2);
    TokenSpectrum survivor = other.newTokenSpectrum(2, COLS);
    other.close();
    other.close();
    survivor.close();
    List<Executable> calls =
        List.of(
            () -> other.deltaWeights(List.of(), List.of()),
            () -> other.deltaWeight(adapter),
            () -> other.addDelta(adapter, zeros(ROWS, COLS), WeightLayout.OUT_IN, Addition.ADD),
            () ->
                other.addDeltaReporting(
                    adapter, zeros(ROWS, COLS), WeightLayout.OUT_IN, Addition.ADD),
            () -> other.newTokenSpectrum(1, 1),
            () -> other.transform(zeros(2, COLS), survivor),
            () -> other.apply(routing, zeros(1, COLS), zeros(1, ROWS)),
            () -> other.apply(routing, survivor, zeros(1, ROWS)),
            () -> other.applyTransposed(routing, zeros(1, ROWS), zeros(1, COLS)),
            () ->
                other.spectrumGradient(
                    routing, zeros(1, COLS), zeros(1, ROWS), List.of(zeros(1, 5))),
            () ->
                other.backward(
                    routing, zeros(1, COLS), zeros(1, ROWS), zeros(1, COLS), List.of(zeros(1, 5))),
            () -> other.backward(routing, survivor, survivor, zeros(1, COLS), List.of(zeros(1, 5))),
            () -> other.spectrumGradientFromDelta(adapter, zeros(ROWS, COLS), zeros(1, 5)));
    for (Executable call : calls) {
      EngineClosedException refusal = assertThrows(EngineClosedException.class, call);
      assertTrue(String.valueOf(refusal.getMessage()).contains("closed"));
    }
    assertEquals(engine.name(), other.name());
  }
}
