package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.FUSED;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.AdapterRouting;
import io.fourierft.internal.cpu.SpectralFold;
import io.fourierft.internal.cpu.SpectralMap;
import io.fourierft.internal.definition.HalfSpectrum;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The half spectra of a block whose tokens chose adapters of their own. Tokens whose adapters share
 * their places are computed together, each lane with its own coefficients; one that shares with few
 * others is computed alone, lane by lane.
 */
final class MixedTokens {
  /** From so many lanes on it pays to turn their coefficients into vectors. */
  private static final int ENOUGH = 4;

  private MixedTokens() {}

  /** The lanes, as bits, whose adapter shares its places with few others or none. */
  private static long alone(SpectralMap map, int first, int count) {
    long alone = 0;
    for (int l = 0; l < count; l++) {
      int adapter = map.adapterOf(first + l);
      if (adapter != AdapterRouting.NONE
          && Long.bitCount(lanesLike(map, map.fold(adapter), first, count)) < ENOUGH) {
        alone |= 1L << l;
      }
    }
    return alone;
  }

  /**
   * Fills {@code half}, which is zero, for tokens {@code first .. first + count − 1}.
   *
   * @param rows scratch memory, {@link LaneSpectra#rowFloats} long
   */
  static void gather(
      SpectralMap map,
      float[] spectrum,
      int first,
      int count,
      float[] half,
      float[] rows,
      SimdWorkspace workspace) {
    long done = alone(map, first, count);
    if (LaneSpectra.suits(map, first, done)) {
      LaneSpectra.gather(map, spectrum, first, done, half, rows, workspace);
    } else {
      done = 0;
    }
    for (int l = 0; l < count; l++) {
      int adapter = map.adapterOf(first + l);
      if (adapter != AdapterRouting.NONE && (done >>> l & 1) == 0) {
        long lanes = lanesLike(map, map.fold(adapter), first, count);
        done |= lanes;
        if (Long.bitCount(lanes) >= ENOUGH) {
          gatherTogether(map, map.fold(adapter), spectrum, first, lanes, half, workspace);
        } else {
          for (long rest = lanes; rest != 0; rest &= rest - 1) {
            int lane = Long.numberOfTrailingZeros(rest);
            gatherAlone(map, spectrum, map.adapterOf(first + lane), half, lane, workspace);
          }
        }
      }
    }
  }

  /** The lanes, as bits, whose adapter has these places. */
  @SuppressWarnings("ReferenceEquality") // Folds are shared by identity, as the places are.
  private static long lanesLike(SpectralMap map, SpectralFold fold, int first, int count) {
    long lanes = 0;
    for (int l = 0; l < count; l++) {
      int adapter = map.adapterOf(first + l);
      if (adapter != AdapterRouting.NONE && map.fold(adapter) == fold) {
        lanes |= 1L << l;
      }
    }
    return lanes;
  }

  /** Floats from the coefficients of one lane to those of the next: no multiple of a page. */
  private static int stride(int entries) {
    return Lanes.roundUp(entries) + COUNT;
  }

  // Lanes with the same places.

  private static void gatherTogether(
      SpectralMap map,
      SpectralFold fold,
      float[] spectrum,
      int first,
      long lanes,
      float[] half,
      SimdWorkspace workspace) {
    int entries = fold.entries();
    int stride = stride(entries);
    float[] rows = workspace.coefficients(COUNT * stride);
    for (int l = 0; l < COUNT; l++) {
      if ((lanes >>> l & 1) == 0) {
        Arrays.fill(rows, l * stride, (l + 1) * stride, 0f);
      } else {
        map.writeCoefficients(map.adapterOf(first + l), rows, l * stride);
      }
    }
    float[] turned = workspace.turned(Lanes.roundUp(entries) * COUNT);
    for (int k = 0; k < entries; k += COUNT) {
      Transposer.turn(rows, k, stride, workspace.tile(), turned, k * COUNT, COUNT);
    }
    float[] chosen = workspace.tile();
    for (int l = 0; l < COUNT; l++) {
      chosen[l] = lanes >>> l & 1;
    }
    int[] outBins = fold.outBins();
    int[] starts = fold.starts();
    for (int i = 0; i < outBins.length; i++) {
      float factor = HalfSpectrum.isSelfConjugate(outBins[i], fold.outLength()) ? 1f : 0.5f;
      gatherBin(
          fold,
          starts[i],
          starts[i + 1],
          turned,
          spectrum,
          half,
          outBins[i] * WIDTH,
          factor,
          chosen);
    }
  }

  private static void gatherBin(
      SpectralFold fold,
      int begin,
      int end,
      float[] turned,
      float[] spectrum,
      float[] half,
      int out,
      float factor,
      float[] chosen) {
    int[] inBins = fold.inBins();
    int[] sources = fold.sources();
    float[] signs = fold.signs();
    FloatVector re = FloatVector.zero(SPECIES);
    FloatVector im = FloatVector.zero(SPECIES);
    for (int e = begin; e < end; e++) {
      int in = inBins[e] * WIDTH;
      FloatVector weight = FloatVector.fromArray(SPECIES, turned, sources[e] * COUNT);
      FloatVector inRe = FloatVector.fromArray(SPECIES, spectrum, in);
      FloatVector inIm = FloatVector.fromArray(SPECIES, spectrum, in + COUNT).mul(signs[e]);
      re = FUSED ? inRe.fma(weight, re) : inRe.mul(weight).add(re);
      im = FUSED ? inIm.fma(weight, im) : inIm.mul(weight).add(im);
    }
    FloatVector oldRe = FloatVector.fromArray(SPECIES, half, out);
    FloatVector oldIm = FloatVector.fromArray(SPECIES, half, out + COUNT);
    // A mask that comes from a caller would be an object.
    VectorMask<Float> mask =
        FloatVector.fromArray(SPECIES, chosen, 0).compare(VectorOperators.NE, 0f);
    oldRe.blend(re.mul(factor), mask).intoArray(half, out);
    oldIm.blend(im.mul(factor), mask).intoArray(half, out + COUNT);
  }

  // Lanes with places of their own.

  private static void gatherAlone(
      SpectralMap map,
      float[] spectrum,
      int adapter,
      float[] half,
      int lane,
      SimdWorkspace workspace) {
    EntryProducts.add(map, adapter, spectrum, lane, COUNT, half, lane, COUNT, WIDTH, workspace);
    EntryProducts.doubleSelfConjugate(map.outLength(), half, lane, COUNT, WIDTH);
  }
}
