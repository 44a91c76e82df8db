package io.fourierft.internal.cuda.fft;

import io.fourierft.internal.cuda.ffm.Cufft;
import io.fourierft.internal.cuda.ffm.PlanLayout;
import io.fourierft.internal.cuda.ffm.PlanLayout.Side;
import io.fourierft.internal.cuda.kernels.Callback;
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
public record PlanKey(Kind kind, long rows, long cols, long batch) {
  /** The transforms that the engine uses. */
  public enum Kind {
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
    CALLBACK_2D(Cufft.C2R, Callback.LOAD_HALF, Callback.STORE_DELTA_ELEMENT),
    /** {@link #COMPLEX_LINES} from sparse spectra. */
    CALLBACK_COLUMNS(Cufft.C2C, Callback.LOAD_SLOTS),
    /** {@link #HALF_TO_REAL_LINES_IN_PLACE} from compact columns straight into deltas. */
    CALLBACK_ROWS(Cufft.C2R, Callback.LOAD_COLUMNS, Callback.STORE_DELTA_ELEMENT);

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
  public static long half(long length) {
    return length / 2 + 1;
  }

  /** Where cuFFT finds the elements. */
  public PlanLayout layout() {
    long half = half(cols);
    long[] area = {rows, cols};
    long[] line = {cols};
    Side reals = new Side(area, 1, rows * cols);
    Side paddedReals = new Side(new long[] {rows, 2 * half}, 1, 2 * rows * half);
    Side halfSpectra = new Side(new long[] {rows, half}, 1, rows * half);
    Side lines = new Side(line, 1, cols);
    Side paddedLines = new Side(new long[] {2 * half}, 1, 2 * half);
    Side halfLines = new Side(new long[] {half}, 1, half);
    return switch (kind) {
      case COMPLEX_2D -> many(area, reals, reals);
      case HALF_TO_REAL_2D -> many(area, halfSpectra, reals);
      case HALF_TO_REAL_2D_IN_PLACE, CALLBACK_2D -> many(area, halfSpectra, paddedReals);
      case REAL_TO_HALF_2D -> many(area, paddedReals, halfSpectra);
      case COMPLEX_LINES, CALLBACK_COLUMNS -> many(line, lines, lines);
      case REAL_TO_HALF_LINES -> many(line, lines, halfLines);
      case REAL_TO_HALF_LINES_IN_PLACE -> many(line, paddedLines, halfLines);
      case HALF_TO_REAL_LINES -> many(line, halfLines, lines);
      case HALF_TO_REAL_LINES_IN_PLACE, CALLBACK_ROWS -> many(line, halfLines, paddedLines);
    };
  }

  private PlanLayout many(long[] sizes, Side input, Side output) {
    return new PlanLayout(sizes, input, output, kind.type, batch);
  }
}
