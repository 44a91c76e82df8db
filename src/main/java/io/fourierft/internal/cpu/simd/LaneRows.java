package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;

import io.fourierft.HostMatrix;
import io.fourierft.internal.host.ElementRuns;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Rows of a matrix in memory, one to a lane. */
final class LaneRows {
  private LaneRows() {}

  /** Floats from one row to the next: no multiple of a page. */
  static int stride(int cols) {
    return Lanes.roundUp(cols) + COUNT;
  }

  /** Floats of as many rows as there are lanes. */
  static int rowFloats(int cols) {
    return COUNT * stride(cols);
  }

  /**
   * Real element q of row {@code first + l} to lane l of {@code block[q*COUNT]}; lanes from {@code
   * count} on are zero.
   *
   * @param rows scratch memory, {@link #rowFloats} long
   * @param block {@link RowBlockWriter#laneFloats} long
   * @return the lanes, as bits, whose row is not finite throughout
   */
  static long load(
      HostMatrix matrix,
      int first,
      int count,
      float[] rows,
      float[] block,
      SimdWorkspace workspace) {
    ElementRuns from = workspace.elementRuns();
    int cols = matrix.cols();
    int stride = stride(cols);
    long broken = 0;
    for (int l = 0; l < count; l++) {
      from.load(matrix, first + l, 0, cols, rows, l * stride);
      if (!allFinite(rows, l * stride, cols)) {
        broken |= 1L << l;
      }
    }
    for (int l = count; l < COUNT; l++) {
      Arrays.fill(rows, l * stride, (l + 1) * stride, 0f);
    }
    for (int q = 0; q < cols; q += COUNT) {
      Transposer.turn(rows, q, stride, workspace.tile(), block, q * COUNT, COUNT);
    }
    return broken;
  }

  /** Whether no number is infinite or NaN. */
  static boolean allFinite(float[] values, int at, int count) {
    FloatVector zeros = FloatVector.zero(SPECIES);
    int i = 0;
    for (; i + COUNT <= count; i += COUNT) {
      // Zero times a number is zero, times anything else NaN.
      zeros = zeros.add(FloatVector.fromArray(SPECIES, values, at + i).mul(0f));
    }
    float rest = 0;
    for (; i < count; i++) {
      rest += values[at + i] * 0f;
    }
    return rest == 0 && zeros.eq(0f).allTrue();
  }

  /** Makes the lanes of all vectors NaN. */
  static void spoil(float[] block, int floats, long lanes) {
    VectorMask<Float> mask = VectorMask.fromLong(SPECIES, lanes);
    for (int at = 0; at < floats; at += COUNT) {
      FloatVector.fromArray(SPECIES, block, at).blend(Float.NaN, mask).intoArray(block, at);
    }
  }
}
