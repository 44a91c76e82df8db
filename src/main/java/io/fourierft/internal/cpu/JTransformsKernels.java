package io.fourierft.internal.cpu;

import io.fourierft.AdapterRouting;
import io.fourierft.CostModel;
import io.fourierft.DensePath;
import io.fourierft.HostMatrix;
import io.fourierft.internal.definition.HalfSpectrum;
import io.fourierft.internal.definition.ResultScale;
import java.util.Arrays;
import org.jtransforms.utils.CommonUtils;

/**
 * The kernel set that works everywhere. Rows of ΔW and many tokens are transformed side by side, in
 * loops of {@link PageFft}; few tokens one after the other by one-dimensional JTransforms, the
 * transform of token i interleaved after the one before, {@code X[v]} at {@code [2v]} and {@code
 * [2v + 1]}.
 */
public final class JTransformsKernels implements CpuKernels {
  /** Raises JTransforms' own thresholds for threads, so that it starts none. */
  public JTransformsKernels() {
    // JTransforms would start threads of its own from 8192 floats on, and swallow their failures.
    // Its thresholds are global; the engine's own threads are enough.
    CommonUtils.setThreadsBeginN_1D_FFT_2Threads(Long.MAX_VALUE);
    CommonUtils.setThreadsBeginN_1D_FFT_4Threads(Long.MAX_VALUE);
  }

  @Override
  public String name() {
    return "jtransforms";
  }

  @Override
  public Workspace newWorkspace() {
    return new JTransformsWorkspace();
  }

  @Override
  public int tokensPerBlock(int tokens) {
    return PageTokens.perBlock(tokens);
  }

  @Override
  public int spectrumFloats(int features, int tokens) {
    return Math.multiplyExact(tokens, floats(features));
  }

  /** Length of one token's transform. */
  private static int floats(int features) {
    return 2 * HalfSpectrum.bins(features);
  }

  @Override
  public void transform(HostMatrix x, int first, int count, float[] spectrum, Workspace workspace) {
    JTransformsWorkspace own = (JTransformsWorkspace) workspace;
    int features = x.cols();
    if (count >= PageTokens.LEAST) {
      PageTokens.transform(x, first, count, spectrum, own);
      return;
    }
    LinePlan plan = own.plan(features);
    float[] line = own.rows(features);
    for (int i = 0; i < count; i++) {
      own.elementRuns().load(x, first + i, 0, features, line, 0);
      int to = i * floats(features);
      if (LinePlan.allFinite(line, 0, features)) {
        plan.forwardReal(line, 0, spectrum, to);
      } else {
        Arrays.fill(spectrum, to, to + floats(features), Float.NaN);
      }
    }
  }

  @Override
  public void synthesize(
      SpectralMap map, float[] spectrum, int first, int count, HostMatrix y, Workspace workspace) {
    JTransformsWorkspace own = (JTransformsWorkspace) workspace;
    if (count >= PageTokens.LEAST) {
      PageTokens.synthesize(map, spectrum, first, count, y, own);
      return;
    }
    int length = map.outLength();
    LinePlan plan = own.plan(length);
    float[] line = own.rows(length);
    for (int i = 0; i < count; i++) {
      int only = map.isPerToken() ? map.adapterOf(first + i) : AdapterRouting.NONE;
      if (map.isPerToken() && only == AdapterRouting.NONE) {
        continue;
      }
      Arrays.fill(line, 0, length, 0);
      int from = i * floats(map.inLength());
      if (map.isPerToken()) {
        gather(map.fold(only), map.weights(only), spectrum, from, line, plan);
      } else {
        for (int a = 0; a < map.adapters(); a++) {
          gather(map.fold(a), map.weights(a), spectrum, from, line, plan);
        }
      }
      plan.inverseReal(line, 0);
      ResultScale scale = map.scale(map.isPerToken() ? only : 0);
      float firstFactor = scale.first() / plan.gain();
      for (int p = 0; p < length; p++) {
        line[p] = line[p] * firstFactor * scale.second();
      }
      own.elementRuns().add(y, first + i, 0, length, line, 0, 1);
    }
  }

  @Override
  public void apply(
      SpectralMap map, HostMatrix x, int first, int count, HostMatrix y, Workspace workspace) {
    if (count < PageTokens.LEAST || map.isPerToken()) {
      CpuKernels.super.apply(map, x, first, count, y, workspace);
    } else {
      PageTokens.apply(map, x, first, count, y, (JTransformsWorkspace) workspace);
    }
  }

  @Override
  public int tokensPerApplication(int tokens, int threads) {
    return PageTokens.perApplication(tokens, threads);
  }

  private static void gather(
      SpectralFold fold, float[] weights, float[] spectrum, int from, float[] half, LinePlan plan) {
    int[] outBins = fold.outBins();
    int[] starts = fold.starts();
    int[] inBins = fold.inBins();
    for (int i = 0; i < outBins.length; i++) {
      float re = 0;
      float im = 0;
      for (int e = starts[i]; e < starts[i + 1]; e++) {
        int in = from + 2 * inBins[e];
        re += weights[2 * e] * spectrum[in];
        im += weights[2 * e + 1] * spectrum[in + 1];
      }
      half[plan.realAt(outBins[i])] += re;
      int imaginary = plan.imaginaryAt(outBins[i]);
      if (imaginary >= 0) {
        half[imaginary] += im;
      }
    }
  }

  @Override
  public void accumulateGradient(
      SpectralMap map,
      float[] xSpectrum,
      float[] gSpectrum,
      int first,
      int count,
      double[][] sums,
      Workspace workspace) {
    if (count >= PageTokens.LEAST) {
      PageTokens.accumulateGradient(map, xSpectrum, gSpectrum, first, count, sums);
      return;
    }
    for (int i = 0; i < count; i++) {
      int x = i * floats(map.inLength());
      int g = i * floats(map.outLength());
      if (!map.isPerToken()) {
        for (int a = 0; a < map.adapters(); a++) {
          correlate(map.fold(a), xSpectrum, x, gSpectrum, g, sums[a]);
        }
      } else if (map.adapterOf(first + i) != AdapterRouting.NONE) {
        int a = map.adapterOf(first + i);
        correlate(map.fold(a), xSpectrum, x, gSpectrum, g, sums[a]);
      }
    }
  }

  private static void correlate(
      SpectralFold fold, float[] xs, int x, float[] gs, int g, double[] sums) {
    int[] outBins = fold.outBins();
    int[] starts = fold.starts();
    int[] inBins = fold.inBins();
    float[] signs = fold.signs();
    for (int i = 0; i < outBins.length; i++) {
      float re = gs[g + 2 * outBins[i]];
      float im = gs[g + 2 * outBins[i] + 1];
      for (int e = starts[i]; e < starts[i + 1]; e++) {
        int in = x + 2 * inBins[e];
        sums[e] += xs[in] * re - signs[e] * xs[in + 1] * im;
      }
    }
  }

  @Override
  public DensePath choosePath(int rows, int cols, int nFrequency) {
    // Nanoseconds an element, measured on one core: 0.4 a coefficient directly, 2.5 to 5 for the
    // transforms of a row, to which few columns add little.
    double direct = 0.4 * nFrequency;
    double transforms = 0.28 * levels(cols);
    return direct < transforms ? DensePath.DIRECT : DensePath.PRUNED;
  }

  private static double levels(int length) {
    return 32 - Integer.numberOfLeadingZeros(length);
  }

  @Override
  public DenseTransform newDenseTransform() {
    return new JTransformsDense();
  }

  @Override
  public boolean weighsAdaptersFirst(boolean perToken, int tokens) {
    return true;
  }

  @Override
  public CostModel costModel() {
    return CostModel.defaults();
  }

  @Override
  public MatrixProduct newProduct(int threads) {
    return new PlainProduct(threads);
  }

  @Override
  public DeltaGradient newDeltaGradient() {
    return new JTransformsDeltaGradient();
  }
}
