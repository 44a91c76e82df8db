package io.fourierft.training;

import io.fourierft.FourierException;
import java.util.Random;

/** The coefficients with which training begins, as PEFT's {@code init_weights}. */
public final class SpectrumInitialization {
  private SpectrumInitialization() {}

  /** All zero, so that ΔW is zero at first: PEFT's {@code init_weights=True}. */
  public static float[] zeros(int nFrequency) {
    requireCount(nFrequency);
    return new float[nFrequency];
  }

  /**
   * Independent standard normal numbers: PEFT's {@code init_weights=False}, its default. The
   * distribution is PEFT's, the numbers are not: PEFT draws them from torch's global generator,
   * whose state no file records.
   *
   * @param seed equal seeds give equal numbers, those of {@link Random#nextGaussian()}
   */
  public static float[] standardNormal(int nFrequency, long seed) {
    requireCount(nFrequency);
    Random random = new Random(seed);
    float[] values = new float[nFrequency];
    for (int k = 0; k < nFrequency; k++) {
      values[k] = (float) random.nextGaussian();
    }
    return values;
  }

  private static void requireCount(int nFrequency) {
    if (nFrequency < 1) {
      throw new FourierException(
          "`n_frequency` should be a positive integer value but the value passed is " + nFrequency);
    }
  }
}
