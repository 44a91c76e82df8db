package io.fourierft.internal.cuda.ops;

import io.fourierft.internal.cuda.kernels.Kernel;

/**
 * Sizes of batches of transforms. Making a cuFFT plan costs more than running a small one, serving
 * meets every number of tokens, and every adapter fills another number of columns; so scratch
 * memory is laid out, and planned, for a rounded number, of which there are eight in each octave.
 * The surplus is transformed and never read.
 */
public final class RoundedBatch {
  private static final int STEPS_OF_OCTAVE = 8;

  private RoundedBatch() {}

  /** The least number of the series that is at least {@code count}; at most an eighth more. */
  public static long of(long count) {
    long step = Math.max(1, Long.highestOneBit(count) / STEPS_OF_OCTAVE);
    return Kernel.groups(count, step) * step;
  }
}
