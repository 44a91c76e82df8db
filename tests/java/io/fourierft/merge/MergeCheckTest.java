package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.SpectralLocations;
import io.fourierft.WeightLayout;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.WeightSlice;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The check of an output passes what is right, and finds what is not. */
class MergeCheckTest {
  private static final String NAME = "w.weight";
  private static final int ROWS = 24;
  private static final int COLS = 36;
  private static FourierEngine engine;

  @TempDir Path folder;
  private int runs;

  @BeforeAll
  static void openEngine() {
    engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1));
  }

  @AfterAll
  static void closeEngine() {
    engine.close();
  }

  private static FourierAdapter adapter(int rows, int cols, double scaling, long seed) {
    return FourierAdapter.of(
        SpectralLocations.of(rows, cols, 40, seed), ModelFiles.normal(40, 1, seed), scaling);
  }

  private static OutputTensor.Delta delta(FourierAdapter adapter) {
    return new OutputTensor.Delta(
        "a", adapter, WeightLayout.OUT_IN, new WeightSlice(NAME, 0, 0, ROWS, 1, 0));
  }

  private static OutputTensor.Delta ordinary(long seed) {
    return delta(adapter(ROWS, COLS, 150, seed));
  }

  private static Tensor weight(DType dtype, double deviation) {
    return ModelFiles.matrix(NAME, dtype, ROWS, COLS, deviation, 3);
  }

  /** What the engine makes of a weight. */
  private static Tensor sum(Tensor before, OutputTensor.Delta... deltas) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment bytes = arena.allocate(before.bytes().length, 64);
      bytes.copyFrom(MemorySegment.ofArray(before.bytes()));
      long rowBytes = before.bytes().length / ROWS;
      for (OutputTensor.Delta delta : deltas) {
        engine.addDeltaReporting(
            delta.adapter(),
            Matrix.of(
                bytes.asSlice(delta.slice().firstRow() * rowBytes, delta.slice().rows() * rowBytes),
                type(before),
                delta.storedRows(),
                delta.storedCols()),
            delta.layout(),
            Addition.ADD);
      }
      return new Tensor(NAME, before.dtype(), before.shape(), bytes.toArray(ValueLayout.JAVA_BYTE));
    }
  }

  private static ElementType type(Tensor tensor) {
    return tensor.dtype().elementType().orElseThrow();
  }

  private MergeResult.Check check(
      Addition addition, Tensor before, Tensor after, OutputTensor.Delta... deltas)
      throws IOException {
    return check(addition, before, after, null, List.of(), List.of(deltas));
  }

  private MergeResult.Check check(
      Addition addition,
      Tensor before,
      Tensor after,
      OutputTensor.@Nullable Replacement replacement,
      List<OutputTensor.Part> parts,
      List<OutputTensor.Delta> deltas)
      throws IOException {
    Path place = folder.resolve("run-" + runs++);
    try (SafetensorsCheckpoint base =
            SafetensorsCheckpoint.open(ModelFiles.model(place.resolve("base"), "{}", before));
        SafetensorsCheckpoint written =
            SafetensorsCheckpoint.open(ModelFiles.model(place.resolve("out"), "{}", after))) {
      SafetensorsCheckpoint.Location location = base.find(NAME).orElseThrow();
      MergeCheck check = new MergeCheck(addition);
      check.check(
          new OutputTensor(location.tensor().declaration(), location, replacement, parts, deltas),
          written);
      return check.result();
    }
  }

  private MergeResult.Check passes(Tensor before, Tensor after, OutputTensor.Delta... deltas)
      throws IOException {
    return check(Addition.ADD, before, after, deltas);
  }

  private void fails(Tensor before, Tensor after, OutputTensor.Delta... deltas) {
    FourierException e = assertThrows(FourierException.class, () -> passes(before, after, deltas));
    assertTrue(String.valueOf(e.getMessage()).contains("the check failed"), e.getMessage());
  }

  /** Half a step of the format, or what an FFT in float32 costs, and a little. */
  private static void assertRounded(DType dtype, MergeResult.Check found) {
    double most = dtype == DType.F16 || dtype == DType.BF16 ? 0.6 : 8;
    assertTrue(found.worstUnits() > 0 && found.worstUnits() <= most, found.toString());
  }

  @ParameterizedTest
  @CsvSource({"F32, false", "F32, true", "F16, false", "BF16, true", "BF16, false", "F64, false"})
  void aRightSumPassesAndAWeightLeftAloneDoesNot(DType dtype, boolean transposed)
      throws IOException {
    Tensor before = weight(dtype, 0.05);
    OutputTensor.Delta delta =
        transposed
            ? new OutputTensor.Delta(
                "a",
                adapter(COLS, ROWS, 150, 5),
                WeightLayout.IN_OUT,
                new WeightSlice(NAME, 0, 0, ROWS, 1, 0))
            : ordinary(5);
    Tensor after = sum(before, delta);
    MergeResult.Check found = passes(before, after, delta);
    assertEquals(1, found.tensors());
    assertEquals(MergeCheck.SAMPLES, found.elements());
    assertEquals(NAME, found.worstTensor());
    assertRounded(dtype, found);
    fails(before, before, delta);
    assertThrows(FourierException.class, () -> check(Addition.SUBTRACT, before, after, delta));
  }

  /** As PEFT adds them: the second to what the first has left, rounded. */
  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16", "F64"})
  void severalAdditionsAreRoundedOneByOne(DType dtype) throws IOException {
    Tensor before = weight(dtype, 0.05);
    Tensor after = sum(before, ordinary(5), ordinary(6));
    assertRounded(dtype, passes(before, after, ordinary(5), ordinary(6)));
    fails(before, after, ordinary(5));
    fails(before, after, ordinary(5), ordinary(7));
  }

  /** The steps of F16 are equal below 2^-14, where its subnormal numbers are. */
  @ParameterizedTest
  @CsvSource({"BF16, 0.05, 150", "F16, 0.05, 150", "F16, 1e-6, 1e-3"})
  void oneStepOfA16BitFormatIsFound(DType dtype, double deviation, double scaling)
      throws IOException {
    Tensor before = weight(dtype, deviation);
    OutputTensor.Delta delta = delta(adapter(ROWS, COLS, scaling, 5));
    Tensor after = sum(before, delta);
    assertRounded(dtype, passes(before, after, delta));
    byte[] next = after.bytes().clone();
    for (int i = 0; i < next.length; i += 2) {
      next[i] ^= 1;
    }
    fails(before, new Tensor(NAME, dtype, before.shape(), next), delta);
  }

  private static double[] numbers(Tensor tensor) {
    MemorySegment bytes = MemorySegment.ofArray(tensor.bytes());
    ValueLayout.OfFloat floats =
        ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    double[] numbers = new double[ROWS * COLS];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = bytes.getAtIndex(floats, i);
    }
    return numbers;
  }

  private static Tensor floats(double... numbers) {
    float[] floats = new float[numbers.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) numbers[i];
    }
    return ModelFiles.tensor(NAME, DType.F32, List.of((long) ROWS, (long) COLS), floats);
  }

  private static Tensor changed(Tensor tensor, DoubleUnaryOperator change) {
    return floats(Arrays.stream(numbers(tensor)).map(change).toArray());
  }

  /** An FFT errs by the size of the whole ΔW, and not by that of the element. */
  @Test
  void anErrorInFloat32IsMeasuredByTheSizeOfTheDelta() throws IOException {
    Tensor before = floats(new double[ROWS * COLS]);
    OutputTensor.Delta delta = ordinary(5);
    Tensor after = sum(before, delta);
    double size = delta.adapter().deltaNorm() / Math.sqrt(ROWS * COLS);
    passes(before, changed(after, value -> value + 4 * Math.ulp((float) size)), delta);
    double large = Arrays.stream(numbers(after)).map(Math::abs).max().orElseThrow();
    fails(before, changed(after, value -> value + 32 * Math.ulp((float) large)), delta);
  }

  /** Where ΔW is rounded by itself, an error before that may turn it to the next number. */
  @Test
  void aDeltaOfA16BitFormatMayBeOneStepOffAndNotTwo() throws IOException {
    Tensor before = weight(DType.F32, 0.05);
    FourierAdapter wide = adapter(ROWS, COLS, 150, 5);
    OutputTensor.Delta delta = delta(wide.withDeltaType(ElementType.BF16));
    assertRounded(DType.F32, passes(before, sum(before, delta), delta));
    double[] weights = numbers(before);
    double[] deltas = numbers(sum(floats(new double[ROWS * COLS]), delta));
    for (int steps : new int[] {1, 3}) {
      double[] off = new double[weights.length];
      for (int i = 0; i < off.length; i++) {
        int bits = Float.floatToIntBits((float) deltas[i]);
        assertEquals(0, bits & 0xffff, "a number of BF16");
        off[i] = weights[i] + Float.intBitsToFloat(bits + (steps << 16));
      }
      if (steps == 1) {
        passes(before, floats(off), delta);
      } else {
        fails(before, floats(off), delta);
      }
    }
  }

  /** What a base holds that is no number stays none, and nothing else may be none. */
  @Test
  void whatIsNotFiniteMustBeSo() throws IOException {
    double[] none = new double[ROWS * COLS];
    Arrays.fill(none, Double.NaN);
    Tensor before = floats(none);
    MergeResult.Check found = passes(before, before, ordinary(5));
    assertEquals(0, found.worstUnits());
    assertEquals(NAME, found.worstTensor());
    Tensor right = sum(weight(DType.F32, 0.05), ordinary(5));
    fails(before, right, ordinary(5));
    fails(weight(DType.F32, 0.05), before, ordinary(5));
    fails(weight(DType.F32, 0.05), changed(right, value -> Double.POSITIVE_INFINITY), ordinary(5));
  }

  /** The largest number of F16 is 65504. */
  @Test
  void whatIsTooLargeForItsFormatIsInfinite() throws IOException {
    float[] large = new float[ROWS * COLS];
    Arrays.fill(large, 65504);
    Tensor before = ModelFiles.tensor(NAME, DType.F16, List.of((long) ROWS, (long) COLS), large);
    OutputTensor.Delta delta = delta(adapter(ROWS, COLS, 1e6, 5));
    MergeResult.Check found = passes(before, sum(before, delta), delta);
    assertTrue(found.worstUnits() <= 0.6, found.toString());
    fails(before, before, delta);
  }

  @Test
  void numbersThatOnlyFloat64HoldsAreChecked() throws IOException {
    byte[] bytes = new byte[8 * ROWS * COLS];
    MemorySegment elements = MemorySegment.ofArray(bytes);
    for (int i = 0; i < ROWS * COLS; i++) {
      elements.setAtIndex(
          ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), i, 1e300);
    }
    Tensor before = new Tensor(NAME, DType.F64, List.of((long) ROWS, (long) COLS), bytes);
    assertEquals(0, passes(before, before, ordinary(5)).worstUnits());
  }

  /** Of a tensor that holds several layers, those that change are looked at. */
  @Test
  void anErrorInOneOfSeveralLayersIsFound() throws IOException {
    Tensor before = weight(DType.F32, 0.05);
    OutputTensor.Delta middle = layer(8);
    OutputTensor.Delta last = layer(16);
    Tensor after = sum(before, middle, last);
    passes(before, after, middle, last);
    for (int wrong : new int[] {8, 16}) {
      double[] numbers = numbers(after);
      // The first row of the layer is right: looking at it alone would not do.
      for (int i = (wrong + 1) * COLS; i < (wrong + 8) * COLS; i++) {
        numbers[i] += 1;
      }
      fails(before, floats(numbers), middle, last);
    }
  }

  /** What an adapter brings must be there to the bit. */
  @Test
  void whatReplacesATensorMustBeThere() throws IOException {
    Tensor before = weight(DType.F32, 0.05);
    float[] brought = ModelFiles.normal(ROWS * COLS, 1, 9);
    OutputTensor.Replacement replacement =
        new OutputTensor.Replacement("a", ExtraTensor.saved(NAME, before.shape(), brought));
    Tensor after = ModelFiles.tensor(NAME, DType.F32, before.shape(), brought);
    MergeResult.Check found = check(Addition.ADD, before, after, replacement, List.of(), List.of());
    assertEquals(1, found.tensors());
    assertEquals(0, found.worstUnits());
    Tensor other = changed(after, value -> Math.nextUp((float) value));
    for (Tensor wrong : List.of(before, other)) {
      assertThrows(
          FourierException.class,
          () -> check(Addition.ADD, before, wrong, replacement, List.of(), List.of()));
    }
  }

  /** Of rows that an adapter brings and those around them, each must be its own. */
  @Test
  void whatReplacesRowsMustBeThereAndTheOthersToo() throws IOException {
    Tensor before = weight(DType.F32, 0.05);
    float[] brought = ModelFiles.normal(8 * COLS, 1, 9);
    OutputTensor.Part part =
        new OutputTensor.Part(
            "a",
            ExtraTensor.saved("rows", List.of(8L, (long) COLS), brought),
            new WeightSlice(NAME, 0, 8, 8, 1, 0));
    double[] right = numbers(before);
    for (int i = 0; i < brought.length; i++) {
      right[8 * COLS + i] = brought[i];
    }
    MergeResult.Check found =
        check(Addition.ADD, before, floats(right), null, List.of(part), List.of());
    assertEquals(1, found.tensors());
    assertEquals(0, found.worstUnits());
    for (int wrongRow : new int[] {0, 8, 16}) {
      double[] wrong = right.clone();
      for (int i = 0; i < 8 * COLS; i++) {
        wrong[wrongRow * COLS + i] = Math.nextUp((float) wrong[wrongRow * COLS + i]);
      }
      assertThrows(
          FourierException.class,
          () -> check(Addition.ADD, before, floats(wrong), null, List.of(part), List.of()));
    }
  }

  /** Nothing is looked at where nothing was to be done. */
  @Test
  void whatIsUntouchedIsNotCounted() throws IOException {
    MergeResult.Check found = passes(weight(DType.F32, 1), weight(DType.F32, 2));
    assertEquals(0, found.tensors());
    assertEquals(0, found.elements());
  }

  private static OutputTensor.Delta layer(int firstRow) {
    return new OutputTensor.Delta(
        "a",
        adapter(8, COLS, 50, firstRow),
        WeightLayout.OUT_IN,
        new WeightSlice(NAME, 0, firstRow, 8, 1, 0));
  }
}
