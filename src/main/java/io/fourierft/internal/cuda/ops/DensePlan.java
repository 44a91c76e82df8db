package io.fourierft.internal.cuda.ops;

import io.fourierft.DensePath;
import io.fourierft.FourierAdapter;
import io.fourierft.ShapeException;
import io.fourierft.internal.cuda.fft.PlanKey;
import io.fourierft.internal.cuda.resident.ResidentPlaces;
import io.fourierft.internal.cuda.struct.ComplexStruct;

/**
 * How the ΔW of one shape are computed.
 *
 * @param path any but AUTO
 * @param rows M
 * @param cols N
 * @param slots columns of the half spectrum that are transformed for each adapter, those that it
 *     fills and some more; 0 unless pruned
 */
public record DensePlan(DensePath path, long rows, long cols, int slots) {
  /** Up to here a cosine for each element and coefficient costs less than a transform. */
  private static final int DIRECT_FREQUENCIES = 8;

  /**
   * The path to take. Pruning saves transforms along columns and costs one more pass over the half
   * spectrum, so that it pays while at most half of the columns are filled.
   *
   * @param fused whether one kernel of its own is the cheapest
   * @param frequencies coefficients of the largest adapter
   * @param filled columns of the half spectrum that the fullest adapter fills
   */
  public static DensePath choose(
      DensePath wanted, boolean fused, long cols, long frequencies, long filled) {
    if (wanted != DensePath.AUTO) {
      return wanted;
    }
    if (fused) {
      return DensePath.FUSED;
    }
    if (frequencies <= DIRECT_FREQUENCIES) {
      return DensePath.DIRECT;
    }
    return 2 * filled <= PlanKey.half(cols) ? DensePath.PRUNED : DensePath.FOLDED;
  }

  /**
   * The plan for adapters of one shape; the direct path if one of them has a coefficient that is
   * not finite, which no transform brings through.
   *
   * @param transposed whether the targets are
   */
  static DensePlan of(
      SharedResources shared,
      LineDeltas lines,
      Iterable<FourierAdapter> adapters,
      boolean transposed,
      DensePath wanted) {
    long rows = 0;
    long cols = 0;
    long frequencies = 0;
    int filled = 0;
    boolean always = wanted == DensePath.AUTO && lines.use() == FusedUse.ON;
    DensePath asked = always ? DensePath.FUSED : wanted;
    for (FourierAdapter adapter : adapters) {
      if (!adapter.isFinite()) {
        asked = DensePath.DIRECT;
      }
      rows = adapter.rows();
      cols = adapter.cols();
      frequencies = Math.max(frequencies, adapter.nFrequency());
      if (wanted == DensePath.AUTO || wanted == DensePath.PRUNED) {
        filled =
            Math.max(
                filled, shared.adapters().places(adapter.locations(), ResidentPlaces::columnCount));
      }
    }
    boolean fused =
        asked == DensePath.AUTO
            && lines.use() == FusedUse.AUTO
            && lines.isCheap(rows, cols, frequencies, transposed);
    DensePath path = choose(asked, fused, cols, frequencies, filled);
    if (path == DensePath.FUSED) {
      lines.requireServed(rows, cols);
    }
    DensePlan plan =
        new DensePlan(path, rows, cols, path == DensePath.PRUNED ? slots(cols, filled) : 0);
    plan.requireSize();
    return plan;
  }

  /** Columns to plan for: rounded up, since other adapters fill a few more or less. */
  private static int slots(long cols, int filled) {
    return (int) Math.min(PlanKey.half(cols), RoundedBatch.of(filled));
  }

  private void requireSize() {
    try {
      Math.multiplyExact(Math.multiplyExact(rows, 2 * PlanKey.half(cols)), 16L);
    } catch (ArithmeticException e) {
      throw new ShapeException("a delta of %d x %d exceeds 2^63 bytes".formatted(rows, cols));
    }
  }

  /** Bytes that the transform works in, for one adapter; where the result is left. */
  public long resultBytes() {
    return switch (path) {
      case REFERENCE -> rows * cols * ComplexStruct.BYTES;
      case FOLDED, PRUNED -> rows * PlanKey.half(cols) * ComplexStruct.BYTES;
      case DIRECT -> rows * cols * Float.BYTES;
      case FUSED -> 0;
      case AUTO -> throw new IllegalStateException("no path was chosen");
    };
  }

  /** Bytes of compact columns for one adapter. */
  long columnBytes() {
    return rows * slots * ComplexStruct.BYTES;
  }

  /** Floats from one element of the result to the next of its row. */
  long step() {
    return path == DensePath.REFERENCE ? 2 : 1;
  }

  /** Floats from one row of the result to the next. */
  long stride() {
    return switch (path) {
      case REFERENCE -> 2 * cols;
      case FOLDED, PRUNED -> 2 * PlanKey.half(cols);
      case DIRECT -> cols;
      case AUTO, FUSED -> throw new IllegalStateException("no path was chosen");
    };
  }

  /** Floats from one adapter's result to the next. */
  public long distance() {
    return rows * stride();
  }
}
