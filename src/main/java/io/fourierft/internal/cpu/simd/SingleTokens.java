package io.fourierft.internal.cpu.simd;

import io.fourierft.AdapterRouting;
import io.fourierft.HostMatrix;
import io.fourierft.internal.cpu.SpectralFold;
import io.fourierft.internal.cpu.SpectralMap;
import java.util.Arrays;

/** The spectral operator token by token, for blocks that would leave most lanes empty. */
final class SingleTokens {
  private final SimdPlans plans;

  SingleTokens(SimdPlans plans) {
    this.plans = plans;
  }

  /** Floats of the transforms of as many tokens as are ever done singly. */
  int spectrumFloats(int features) {
    return (Lanes.COUNT + 2) / 3 * plans.single(features).spectrumFloats();
  }

  void transform(HostMatrix x, int first, int count, float[] spectrum, SimdWorkspace workspace) {
    int features = x.cols();
    RealSingleFft plan = plans.single(features);
    float[] line = workspace.first(plan.lineFloats());
    float[] blocks = workspace.second(plan.blockFloats());
    float[] scratch = workspace.scratch(plan.scratchFloats());
    for (int i = 0; i < count; i++) {
      int at = i * plan.spectrumFloats();
      workspace.elementRuns().load(x, first + i, 0, features, line, 0);
      if (LaneRows.allFinite(line, 0, features)) {
        plan.forward(line, spectrum, at, blocks, scratch);
      } else {
        Arrays.fill(spectrum, at, at + plan.spectrumFloats(), Float.NaN);
      }
    }
  }

  void synthesize(
      SpectralMap map,
      float[] spectrum,
      int first,
      int count,
      HostMatrix y,
      SimdWorkspace workspace) {
    int length = map.outLength();
    RealSingleFft in = plans.single(map.inLength());
    RealSingleFft out = plans.single(length);
    float[] line = workspace.first(out.lineFloats());
    float[] blocks = workspace.second(out.blockFloats());
    float[] scratch = workspace.scratch(out.scratchFloats());
    float[] half = workspace.rotors(out.spectrumFloats());
    for (int i = 0; i < count; i++) {
      int only = map.isPerToken() ? map.adapterOf(first + i) : 0;
      if (only == AdapterRouting.NONE) {
        continue;
      }
      Arrays.fill(half, 0, out.spectrumFloats(), 0f);
      int last = map.isPerToken() ? only : map.adapters() - 1;
      for (int a = only; a <= last; a++) {
        EntryProducts.add(
            map,
            a,
            spectrum,
            i * in.spectrumFloats(),
            in.pitch(),
            half,
            0,
            out.pitch(),
            1,
            workspace);
      }
      EntryProducts.doubleSelfConjugate(length, half, 0, out.pitch(), 1);
      out.inverse(half, 0, line, blocks, scratch);
      workspace
          .elementRuns()
          .add(y, first + i, 0, length, line, 0, map.scale(only).factorLeft(line, 0, length));
    }
  }

  void accumulateGradient(
      SpectralMap map,
      float[] xSpectrum,
      float[] gSpectrum,
      int first,
      int count,
      double[][] sums) {
    RealSingleFft x = plans.single(map.inLength());
    RealSingleFft g = plans.single(map.outLength());
    for (int i = 0; i < count; i++) {
      int only = map.isPerToken() ? map.adapterOf(first + i) : 0;
      if (only == AdapterRouting.NONE) {
        continue;
      }
      int last = map.isPerToken() ? only : map.adapters() - 1;
      for (int a = only; a <= last; a++) {
        correlate(
            map.fold(a),
            xSpectrum,
            i * x.spectrumFloats(),
            x.pitch(),
            gSpectrum,
            i * g.spectrumFloats(),
            g.pitch(),
            sums[a]);
      }
    }
  }

  private static void correlate(
      SpectralFold fold,
      float[] xs,
      int x,
      int xPitch,
      float[] gs,
      int g,
      int gPitch,
      double[] sums) {
    int[] outBins = fold.outBins();
    int[] starts = fold.starts();
    int[] inBins = fold.inBins();
    float[] signs = fold.signs();
    for (int i = 0; i < outBins.length; i++) {
      float re = gs[g + outBins[i]];
      float im = gs[g + gPitch + outBins[i]];
      int last = starts[i + 1];
      for (int e = starts[i]; e < last; e++) {
        int in = x + inBins[e];
        sums[e] += xs[in] * re - signs[e] * xs[in + xPitch] * im;
      }
    }
  }
}
