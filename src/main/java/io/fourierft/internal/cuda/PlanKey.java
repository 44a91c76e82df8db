package io.fourierft.internal.cuda;

import io.fourierft.internal.cuda.ffm.Cufft;
import java.util.List;

/**
 * What a cuFFT plan does. All layouts are dense within one transform; {@code half} is {@code cols/2
 * + 1}, the non-redundant part of the spectrum of {@code cols} reals.
 *
 * @param kind which transform
 * @param rows M of a two-dimensional kind, else 1
 * @param cols N, the length of a line
 * @param batch how many
 */
record PlanKey(Kind kind, long rows, long cols, long batch) {
  /** The transforms that the engine uses. */
  enum Kind {
    /** M × N complex, sign +, in place, batches M·N apart. */
    COMPLEX_2D(Cufft.C2C),
    /**
     * Half spectra M × half to M × N reals in place: real row p starts at float {@code p·2·half},
     * batches {@code M·2·half} floats apart.
     */
    HALF_TO_REAL_2D_IN_PLACE(Cufft.C2R),
    /** Half spectra M × half to dense M × N reals elsewhere; the half spectra are overwritten. */
    HALF_TO_REAL_2D(Cufft.C2R),
    /** The way back of {@link #HALF_TO_REAL_2D_IN_PLACE}, sign −, same layout, in place. */
    REAL_TO_HALF_2D(Cufft.R2C),
    /** Lines of N complex, sign +, N apart, in place. */
    COMPLEX_LINES(Cufft.C2C),
    /** Lines of N reals, N apart, to lines of half complex, sign −. */
    REAL_TO_HALF_LINES(Cufft.R2C),
    /** The same in place, the lines of reals 2·half floats apart. */
    REAL_TO_HALF_LINES_IN_PLACE(Cufft.R2C),
    /** Lines of half complex to lines of N reals, N apart, elsewhere. */
    HALF_TO_REAL_LINES(Cufft.C2R),
    /** Lines of half complex to lines of N reals 2·half floats apart, in place. */
    HALF_TO_REAL_LINES_IN_PLACE(Cufft.C2R),
    /** {@link #HALF_TO_REAL_2D_IN_PLACE} from sparse spectra straight into deltas. */
    FUSED_2D(Cufft.C2R, Callback.LOAD_HALF, Callback.STORE_DELTA_ELEMENT),
    /** {@link #COMPLEX_LINES} from sparse spectra. */
    FUSED_COLUMNS(Cufft.C2C, Callback.LOAD_SLOTS),
    /** {@link #HALF_TO_REAL_LINES_IN_PLACE} from compact columns straight into deltas. */
    FUSED_ROWS(Cufft.C2R, Callback.LOAD_COLUMNS, Callback.STORE_DELTA_ELEMENT);

    private final int type;

    @SuppressWarnings("ImmutableEnumChecker") // List.of is.
    private final List<Callback> callbacks;

    Kind(int type, Callback... callbacks) {
      this.type = type;
      this.callbacks = List.of(callbacks);
    }

    /** What is linked into the plan; it works in memory that these never look at. */
    List<Callback> callbacks() {
      return callbacks;
    }
  }

  /** Complex numbers of a line of the half spectrum of {@code length} reals. */
  static long half(long length) {
    return length / 2 + 1;
  }

  /** Fills an empty plan; returns its work area in bytes. */
  long make(Cufft cufft, int plan) {
    long half = half(cols);
    long[] area = {rows, cols};
    long[] halfArea = {rows, half};
    long[] paddedArea = {rows, 2 * half};
    long[] line = {cols};
    long[] halfLine = {half};
    long[] paddedLine = {2 * half};
    return switch (kind) {
      case COMPLEX_2D -> many(cufft, plan, area, area, rows * cols, area, rows * cols);
      case HALF_TO_REAL_2D -> many(cufft, plan, area, halfArea, rows * half, area, rows * cols);
      case HALF_TO_REAL_2D_IN_PLACE, FUSED_2D ->
          many(cufft, plan, area, halfArea, rows * half, paddedArea, 2 * rows * half);
      case REAL_TO_HALF_2D ->
          many(cufft, plan, area, paddedArea, 2 * rows * half, halfArea, rows * half);
      case COMPLEX_LINES, FUSED_COLUMNS -> many(cufft, plan, line, line, cols, line, cols);
      case REAL_TO_HALF_LINES -> many(cufft, plan, line, line, cols, halfLine, half);
      case REAL_TO_HALF_LINES_IN_PLACE ->
          many(cufft, plan, line, paddedLine, 2 * half, halfLine, half);
      case HALF_TO_REAL_LINES -> many(cufft, plan, line, halfLine, half, line, cols);
      case HALF_TO_REAL_LINES_IN_PLACE, FUSED_ROWS ->
          many(cufft, plan, line, halfLine, half, paddedLine, 2 * half);
    };
  }

  private long many(
      Cufft cufft,
      int plan,
      long[] sizes,
      long[] inputEmbed,
      long inputDistance,
      long[] outputEmbed,
      long outputDistance) {
    return cufft.makePlanMany64(
        plan,
        sizes,
        inputEmbed,
        1,
        inputDistance,
        outputEmbed,
        1,
        outputDistance,
        kind.type,
        batch);
  }
}
