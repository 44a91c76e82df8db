package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.FUSED;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.AdapterRouting;
import io.fourierft.HostMatrix;
import io.fourierft.internal.cpu.SpectralFold;
import io.fourierft.internal.cpu.SpectralMap;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/** The spectral operator on a block of tokens, one a lane; the block's transform in lane layout. */
final class LaneTokens {
  private final SimdPlans plans;

  LaneTokens(SimdPlans plans) {
    this.plans = plans;
  }

  /** Floats of the transform of a block. */
  int spectrumFloats(int features) {
    return (features / 2 + 1) * WIDTH;
  }

  private static int blockFloats(RealLaneFft plan) {
    int length = plan.length();
    return Math.max(
        plan.blockFloats(),
        Math.max(RowBlockWriter.laneFloats(length), LaneRows.rowFloats(length)));
  }

  void transform(HostMatrix x, int first, int count, float[] spectrum, SimdWorkspace workspace) {
    RealLaneFft plan = plans.real(x.cols());
    float[] data = workspace.first(blockFloats(plan));
    float[] work = workspace.second(blockFloats(plan));
    long broken = LaneRows.load(x, first, count, work, data, workspace);
    boolean swapped = plan.forward(data, 0, work, 0, workspace.scratch(plan.scratchFloats()));
    int floats = plan.bins() * WIDTH;
    System.arraycopy(swapped ? work : data, 0, spectrum, 0, floats);
    if (broken != 0) {
      LaneRows.spoil(spectrum, floats, broken);
    }
  }

  /** Floats of a block that tokens with places of their own may be turned in. */
  private int workFloats(SpectralMap map) {
    int floats = blockFloats(plans.real(map.outLength()));
    return map.isPerToken() ? Math.max(floats, LaneSpectra.rowFloats(map)) : floats;
  }

  void synthesize(
      SpectralMap map,
      float[] spectrum,
      int first,
      int count,
      HostMatrix y,
      SimdWorkspace workspace) {
    RealLaneFft plan = plans.real(map.outLength());
    float[] data = workspace.first(blockFloats(plan));
    float[] work = workspace.second(workFloats(map));
    Arrays.fill(data, 0, plan.bins() * WIDTH, 0f);
    if (map.isPerToken()) {
      MixedTokens.gather(map, spectrum, first, count, data, work, workspace);
    } else {
      for (int a = 0; a < map.adapters(); a++) {
        gather(map.fold(a), map.weights(a), spectrum, data);
      }
    }
    boolean swapped = plan.inverse(data, 0, work, 0, workspace.scratch(plan.scratchFloats()));
    float[] result = swapped ? work : data;
    store(map, first, count, result, swapped ? data : work, y, workspace);
  }

  private static void gather(SpectralFold fold, float[] weights, float[] spectrum, float[] half) {
    int[] outBins = fold.outBins();
    int[] starts = fold.starts();
    int[] inBins = fold.inBins();
    for (int i = 0; i < outBins.length; i++) {
      gatherBin(weights, inBins, starts[i], starts[i + 1], spectrum, half, outBins[i] * WIDTH);
    }
  }

  private static void gatherBin(
      float[] weights, int[] inBins, int begin, int end, float[] spectrum, float[] half, int out) {
    FloatVector re = FloatVector.fromArray(SPECIES, half, out);
    FloatVector im = FloatVector.fromArray(SPECIES, half, out + COUNT);
    for (int e = begin; e < end; e++) {
      int in = inBins[e] * WIDTH;
      FloatVector inRe = FloatVector.fromArray(SPECIES, spectrum, in);
      FloatVector inIm = FloatVector.fromArray(SPECIES, spectrum, in + COUNT);
      FloatVector weightRe = FloatVector.broadcast(SPECIES, weights[2 * e]);
      FloatVector weightIm = FloatVector.broadcast(SPECIES, weights[2 * e + 1]);
      re = FUSED ? inRe.fma(weightRe, re) : inRe.mul(weightRe).add(re);
      im = FUSED ? inIm.fma(weightIm, im) : inIm.mul(weightIm).add(im);
    }
    re.intoArray(half, out);
    im.intoArray(half, out + COUNT);
  }

  /** The lanes, as bits, whose token chose an adapter. */
  static long lanesOf(SpectralMap map, int adapter, int first, int count) {
    long lanes = 0;
    for (int l = 0; l < count; l++) {
      lanes |= map.adapterOf(first + l) == adapter ? 1L << l : 0;
    }
    return lanes;
  }

  private static void store(
      SpectralMap map,
      int first,
      int count,
      float[] block,
      float[] rows,
      HostMatrix y,
      SimdWorkspace workspace) {
    int length = y.cols();
    int stride = LaneRows.stride(length);
    for (int q = 0; q < length; q += COUNT) {
      Transposer.turn(block, q * COUNT, COUNT, workspace.tile(), rows, q, stride);
    }
    for (int l = 0; l < count; l++) {
      int adapter = map.isPerToken() ? map.adapterOf(first + l) : 0;
      if (adapter != AdapterRouting.NONE) {
        int at = l * stride;
        float factor = map.scale(adapter).factorLeft(rows, at, length);
        workspace.elementRuns().add(y, first + l, 0, length, rows, at, factor);
      }
    }
  }
}
