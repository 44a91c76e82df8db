package io.fourierft.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.internal.definition.HalfSpectrum;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Transforms of many signals side by side, against float64 sums. */
class RealPageFftTest {
  /** Relative error by norm: the same for every length, convolutions included. */
  private static final double TOLERANCE = 3e-7;

  private static final int SIGNALS = 5;
  private static final int BINS = 24;

  static IntStream lengths() {
    return IntStream.concat(
        IntStream.rangeClosed(1, 300),
        IntStream.of(
            768, 1001, 1009, 1024, 1155, 2304, 4093, 4096, 11008, 14336, 18944, 2 * 16411));
  }

  @ParameterizedTest
  @MethodSource("lengths")
  void spectraFollowTheirDefinition(int length) {
    spectraFollowTheirDefinition(new RealPageFft(length, true), length);
    if (length % 2 != 0) {
      spectraFollowTheirDefinition(new RealPageFft(length, false), length);
    }
  }

  private static void spectraFollowTheirDefinition(RealPageFft plan, int length) {
    int places = plan.places(SIGNALS);
    SignalPages pages = pages(plan, places);
    Random random = new Random(length);
    float[][] signals = new float[SIGNALS][length];
    for (int s = 0; s < SIGNALS; s++) {
      for (int q = 0; q < length; q++) {
        signals[s][q] = (float) random.nextGaussian();
        plan.element(pages, s / places, q)[s % places] = signals[s][q];
      }
    }
    plan.forward(pages, places);
    double difference = 0;
    double norm = 0;
    for (int b = 0; b < BINS; b++) {
      int v = random.nextInt(length / 2 + 1);
      for (int s = 0; s < SIGNALS; s++) {
        double re = 0;
        double im = 0;
        for (int q = 0; q < length; q++) {
          double angle = 2 * Math.PI * ((long) v * q % length) / length;
          re += signals[s][q] * Math.cos(angle);
          im += signals[s][q] * Math.sin(angle);
        }
        int page = plan.transformedBin(s / places, v);
        difference += squaredDistance(re, im, pages, page, s % places);
        norm += length;
      }
    }
    requireClose(difference, norm);
  }

  @ParameterizedTest
  @MethodSource("lengths")
  void signalsFollowTheirDefinition(int length) {
    signalsFollowTheirDefinition(new RealPageFft(length, true), length);
    if (length % 2 != 0) {
      signalsFollowTheirDefinition(new RealPageFft(length, false), length);
    }
  }

  private static void signalsFollowTheirDefinition(RealPageFft plan, int length) {
    int places = plan.places(SIGNALS);
    SignalPages pages = pages(plan, places);
    Random random = new Random(length);
    double[][] expected = new double[SIGNALS][length];
    for (int s = 0; s < SIGNALS; s++) {
      for (int b = 0; b < BINS; b++) {
        int v = random.nextInt(length / 2 + 1);
        float re = (float) random.nextGaussian();
        float im = (float) random.nextGaussian();
        int page = plan.bin(s / places, v);
        pages.re()[page][s % places] += re;
        // Of a bin that is its own conjugate it must not matter.
        pages.im()[page][s % places] += im;
        boolean alone = HalfSpectrum.isSelfConjugate(v, length);
        for (int q = 0; q < length; q++) {
          double angle = 2 * Math.PI * ((long) v * q % length) / length;
          expected[s][q] +=
              alone ? re * Math.cos(angle) : 2 * (re * Math.cos(angle) - im * Math.sin(angle));
        }
      }
    }
    plan.inverse(pages, places);
    double difference = 0;
    double norm = 0;
    for (int s = 0; s < SIGNALS; s++) {
      for (int q = 0; q < length; q++) {
        double d = plan.transformedElement(pages, s / places, q)[s % places] - expected[s][q];
        difference += d * d;
        norm += expected[s][q] * expected[s][q];
      }
    }
    requireClose(difference, norm);
  }

  @Test
  void aSignalHasTheSameBitsWhereverItStands() {
    for (int length : new int[] {96, 105, 211}) {
      RealPageFft plan = new RealPageFft(length, true);
      int most = RealPageFft.most(length);
      int places = plan.places(most);
      SignalPages pages = pages(plan, places);
      for (int q = 0; q < length; q++) {
        float value = (float) Math.sin(1 + q * 1.7);
        for (int part = 0; part < plan.parts(); part++) {
          Arrays.fill(plan.element(pages, part, q), 0, places, value);
        }
      }
      plan.forward(pages, places);
      for (int v = 0; v <= length / 2; v++) {
        float[] re = pages.re()[plan.transformedBin(0, v)];
        for (int s = 1; s < places; s++) {
          assertEquals(re[0], re[s], "bin " + v + ", place " + s);
        }
      }
    }
  }

  @Test
  void aConvolutionTakesTheLeastQuickLength() {
    assertEquals(2048, PageFft.quickLength(2017));
    assertEquals(144, PageFft.quickLength(129));
    assertEquals(192, PageFft.quickLength(145));
    assertEquals(1, PageFft.quickLength(1));
  }

  private static SignalPages pages(RealPageFft plan, int places) {
    SignalPages pages = new SignalPages();
    pages.reserve(plan.pages(), places);
    pages.clear(plan.pages(), places);
    return pages;
  }

  private static double squaredDistance(
      double re, double im, SignalPages pages, int page, int place) {
    double a = pages.re()[page][place] - re;
    double b = pages.im()[page][place] - im;
    return a * a + b * b;
  }

  private static void requireClose(double difference, double norm) {
    double error = Math.sqrt(difference / norm);
    assertTrue(error <= TOLERANCE, () -> "relative error " + error);
  }
}
