package io.fourierft.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.internal.definition.HalfSpectrum;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** JTransforms plans of every length that matters, against float64 sums over a few bins. */
class TransformAccuracyTest {
  /** Half of what a ΔW may be off by: it goes through two transforms. */
  private static final double TOLERANCE = 7e-7;

  private static final int BINS = 24;

  static IntStream lengths() {
    return IntStream.concat(
        IntStream.rangeClosed(1, 300),
        IntStream.of(
            768, 1009, 1024, 1152, 2304, 2560, 3072, 4096, 5120, 11008, 13824, 14336, 18944));
  }

  @ParameterizedTest
  @MethodSource("lengths")
  void transformsFollowTheirDefinition(int length) {
    LinePlan plan = new LinePlan(length);
    Random random = new Random(length);
    float[] spectrum = new float[2 * length];
    float[] half = new float[length];
    double[] complexExpected = new double[2 * length];
    double[] realExpected = new double[length];
    for (int b = 0; b < BINS; b++) {
      int u = random.nextInt(length);
      float re = (float) random.nextGaussian();
      float im = (float) random.nextGaussian();
      spectrum[2 * u] += re;
      spectrum[2 * u + 1] += im;
      int v = random.nextInt(length / 2 + 1);
      boolean alone = HalfSpectrum.isSelfConjugate(v, length);
      half[plan.realAt(v)] += re;
      if (!alone) {
        half[plan.imaginaryAt(v)] += im;
      }
      for (int p = 0; p < length; p++) {
        double angle = 2 * Math.PI * ((long) u * p % length) / length;
        complexExpected[2 * p] += re * Math.cos(angle) - im * Math.sin(angle);
        complexExpected[2 * p + 1] += re * Math.sin(angle) + im * Math.cos(angle);
        double realAngle = 2 * Math.PI * ((long) v * p % length) / length;
        realExpected[p] +=
            alone
                ? re * Math.cos(realAngle)
                : 2 * (re * Math.cos(realAngle) - im * Math.sin(realAngle));
      }
    }
    plan.complex(spectrum, 0);
    plan.inverseReal(half, 0);
    requireClose(complexExpected, spectrum, 1);
    requireClose(realExpected, half, plan.gain());

    // The forward real transform takes the signal back to its bins, with the same sign e^{+i}: the
    // conjugates of the bins that made it.
    float[] signal = new float[length];
    double[] wide = new double[length];
    for (int p = 0; p < length; p++) {
      signal[p] = (float) random.nextGaussian();
      wide[p] = signal[p];
    }
    float[] bins = new float[2 * (length / 2 + 1)];
    plan.forwardReal(signal, 0, bins, 0);
    for (int b = 0; b < BINS; b++) {
      int v = random.nextInt(length / 2 + 1);
      double re = 0;
      double im = 0;
      double norm = 0;
      for (int p = 0; p < length; p++) {
        double angle = 2 * Math.PI * ((long) v * p % length) / length;
        re += wide[p] * Math.cos(angle);
        im += wide[p] * Math.sin(angle);
        norm += wide[p] * wide[p];
      }
      assertEquals(re, bins[2 * v], 4 * TOLERANCE * Math.sqrt(norm), "bin " + v);
      assertEquals(im, bins[2 * v + 1], 4 * TOLERANCE * Math.sqrt(norm), "bin " + v);
    }
  }

  private static void requireClose(double[] expected, float[] actual, float gain) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      double d = actual[i] / gain - expected[i];
      difference += d * d;
      norm += expected[i] * expected[i];
    }
    double error = Math.sqrt(difference / norm);
    assertTrue(error <= TOLERANCE, () -> "relative error " + error);
  }

  @Test
  void lengthsWithPrimeFactorsOf11To199TakeDoubleRealTransforms() {
    for (int length : new int[] {1, 2, 7, 768, 4096, 14336, 211, 1009, 211 * 8}) {
      assertTrue(LinePlan.realTransformIsPrecise(length), "length " + length);
    }
    for (int length : new int[] {11, 106, 197, 11 * 7}) {
      assertTrue(!LinePlan.realTransformIsPrecise(length), "length " + length);
    }
  }
}
