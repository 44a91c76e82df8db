package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.AdapterRouting;
import io.fourierft.internal.cpu.SpectralFold;
import io.fourierft.internal.cpu.SpectralMap;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * The gradient of the coefficients from a block of tokens, one a lane. The lanes of as many
 * products as there are lanes are summed at once, after a transposition, always in the order of the
 * tokens.
 */
final class LaneGradient {
  private LaneGradient() {}

  static void accumulate(
      SpectralMap map,
      float[] xs,
      float[] gs,
      int first,
      int count,
      double[][] sums,
      SimdWorkspace workspace) {
    if (!map.isPerToken()) {
      for (int a = 0; a < map.adapters(); a++) {
        correlate(map.fold(a), xs, gs, (1L << count) - 1, sums[a], workspace);
      }
      return;
    }
    long done = 0;
    for (int l = 0; l < count; l++) {
      int adapter = map.adapterOf(first + l);
      if (adapter != AdapterRouting.NONE && (done >>> l & 1) == 0) {
        long lanes = LaneTokens.lanesOf(map, adapter, first, count);
        done |= lanes;
        correlate(map.fold(adapter), xs, gs, lanes, sums[adapter], workspace);
      }
    }
  }

  private static void correlate(
      SpectralFold fold,
      float[] xs,
      float[] gs,
      long lanes,
      double[] sums,
      SimdWorkspace workspace) {
    float[] products = workspace.rotors(2 * COUNT * COUNT);
    int entries = fold.entries();
    for (int begin = 0; begin < entries; begin += COUNT) {
      int end = Math.min(entries, begin + COUNT);
      multiply(fold, xs, gs, lanes, products, begin, end);
      Transposer.turn(products, 0, COUNT, workspace.tile(), products, COUNT * COUNT, COUNT);
      FloatVector sum = FloatVector.fromArray(SPECIES, products, COUNT * COUNT);
      for (int l = 1; l < COUNT; l++) {
        sum = sum.add(FloatVector.fromArray(SPECIES, products, COUNT * COUNT + l * COUNT));
      }
      sum.intoArray(products, 0);
      for (int e = begin; e < end; e++) {
        sums[e] += products[e - begin];
      }
    }
  }

  private static void multiply(
      SpectralFold fold, float[] xs, float[] gs, long lanes, float[] products, int begin, int end) {
    VectorMask<Float> mask = VectorMask.fromLong(SPECIES, lanes);
    FloatVector zero = FloatVector.zero(SPECIES);
    int[] inBins = fold.inBins();
    int[] outOf = fold.outOf();
    float[] signs = fold.signs();
    for (int e = begin; e < end; e++) {
      int x = inBins[e] * WIDTH;
      int g = outOf[e] * WIDTH;
      FloatVector re =
          FloatVector.fromArray(SPECIES, xs, x).mul(FloatVector.fromArray(SPECIES, gs, g));
      FloatVector im =
          FloatVector.fromArray(SPECIES, xs, x + COUNT)
              .mul(FloatVector.fromArray(SPECIES, gs, g + COUNT));
      zero.blend(re.sub(im.mul(signs[e])), mask).intoArray(products, (e - begin) * COUNT);
    }
  }
}
