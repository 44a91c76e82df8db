package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;

import io.fourierft.internal.cpu.SpectralFold;
import io.fourierft.internal.cpu.SpectralMap;
import jdk.incubator.vector.FloatVector;

/**
 * What one adapter puts into the half spectrum of one token: the products of all entries are made
 * with the lanes along them, then each is added to its bin. Without a loop over the entries of a
 * bin: their number could not be predicted.
 */
final class EntryProducts {
  private EntryProducts() {}

  /**
   * Adds half of every entry's product to its output bin; {@link #doubleSelfConjugate} follows.
   *
   * @param spectrum real part of bin v at {@code from + v·step}, imaginary part {@code fromPitch}
   *     further on
   * @param half the same from {@code to} on, {@code toPitch} apart
   */
  static void add(
      SpectralMap map,
      int adapter,
      float[] spectrum,
      int from,
      int fromPitch,
      float[] half,
      int to,
      int toPitch,
      int step,
      SimdWorkspace workspace) {
    SpectralFold fold = map.fold(adapter);
    int entries = fold.entries();
    float[] coefficients = workspace.coefficients(entries);
    map.writeCoefficients(adapter, coefficients, 0);
    int imaginary = Lanes.roundUp(entries);
    float[] products = workspace.turned(2 * imaginary);
    int done = 0;
    if (Lanes.GATHERS) {
      int[] places = step == 1 ? fold.inBins() : places(fold, step, workspace);
      for (; done + COUNT <= entries; done += COUNT) {
        multiply(fold, places, done, coefficients, spectrum, from, fromPitch, products, imaginary);
      }
    }
    for (int e = done; e < entries; e++) {
      int in = from + fold.inBins()[e] * step;
      float weight = 0.5f * coefficients[fold.sources()[e]];
      products[e] = weight * spectrum[in];
      products[imaginary + e] = fold.signs()[e] * weight * spectrum[in + fromPitch];
    }
    addTo(fold.outOf(), entries, products, imaginary, half, to, toPitch, step);
  }

  private static int[] places(SpectralFold fold, int step, SimdWorkspace workspace) {
    int[] bins = fold.inBins();
    int[] places = workspace.phases(bins.length);
    for (int e = 0; e < bins.length; e++) {
      places[e] = bins[e] * step;
    }
    return places;
  }

  private static void multiply(
      SpectralFold fold,
      int[] places,
      int e,
      float[] coefficients,
      float[] spectrum,
      int from,
      int fromPitch,
      float[] products,
      int imaginary) {
    FloatVector weight =
        FloatVector.fromArray(SPECIES, coefficients, 0, fold.sources(), e).mul(0.5f);
    FloatVector re = FloatVector.fromArray(SPECIES, spectrum, from, places, e);
    FloatVector im = FloatVector.fromArray(SPECIES, spectrum, from + fromPitch, places, e);
    FloatVector sign = FloatVector.fromArray(SPECIES, fold.signs(), e);
    weight.mul(re).intoArray(products, e);
    sign.mul(weight).mul(im).intoArray(products, imaginary + e);
  }

  private static void addTo(
      int[] outOf,
      int entries,
      float[] products,
      int imaginary,
      float[] half,
      int to,
      int toPitch,
      int step) {
    for (int e = 0; e < entries; e++) {
      int out = to + outOf[e] * step;
      half[out] += products[e];
      half[out + toPitch] += products[imaginary + e];
    }
  }

  /** Bins that are their own conjugate take coefficients whole. */
  static void doubleSelfConjugate(int length, float[] half, int to, int toPitch, int step) {
    half[to] *= 2;
    half[to + toPitch] *= 2;
    if (length % 2 == 0) {
      int last = to + length / 2 * step;
      half[last] *= 2;
      half[last + toPitch] *= 2;
    }
  }
}
