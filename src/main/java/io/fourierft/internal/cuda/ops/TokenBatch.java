package io.fourierft.internal.cuda.ops;

import io.fourierft.internal.cuda.kernels.Kernel;

/**
 * Sizes of batches of tokens. Making a cuFFT plan costs more than running a small one, and serving
 * meets every number of tokens; so scratch memory is laid out, and planned, for a rounded number,
 * of which there are eight in each octave. The surplus is transformed and never read.
 */
public final class TokenBatch {
  private static final int STEPS_OF_OCTAVE = 8;

  private TokenBatch() {}

  /** The least number of the series that is at least {@code tokens}; at most an eighth more. */
  public static long roundUp(long tokens) {
    long step = Math.max(1, Long.highestOneBit(tokens) / STEPS_OF_OCTAVE);
    return Kernel.groups(tokens, step) * step;
  }
}
