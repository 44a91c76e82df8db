package io.fourierft.internal.cpu.simd;

import io.fourierft.CostModel;
import io.fourierft.DensePath;
import io.fourierft.HostMatrix;
import io.fourierft.internal.cpu.CpuKernels;
import io.fourierft.internal.cpu.DeltaGradient;
import io.fourierft.internal.cpu.DenseTransform;
import io.fourierft.internal.cpu.MatrixProduct;
import io.fourierft.internal.cpu.SpectralMap;
import io.fourierft.internal.cpu.Workspace;
import jdk.incubator.vector.FloatVector;

/**
 * The kernel set on {@code jdk.incubator.vector}. A block has as many tokens as a vector has lanes;
 * a full one, or a last one that is not too empty, is transformed one token a lane, the tokens of
 * others one after another with the lanes across each.
 */
public final class SimdKernels implements CpuKernels {
  private static final CostModel COSTS =
      new CostModel(
          830,
          2.5,
          0.08,
          0.085,
          4_000,
          0.05,
          1_200,
          0.078,
          0.85,
          0.0081,
          "fitted to times on two cores of an Intel Xeon with 512-bit vectors, CPU engine with SIMD"
              + " kernels, JDK 25");

  private final SimdPlans plans = new SimdPlans();
  private final LaneTokens lanes = new LaneTokens(plans);
  private final SingleTokens singles = new SingleTokens(plans);

  /** Needs the module {@code jdk.incubator.vector}. */
  public SimdKernels() {}

  /** The vectors in use, as {@code 512-bit vectors}. */
  public static String shape() {
    return FloatVector.SPECIES_PREFERRED.vectorBitSize() + "-bit vectors";
  }

  @Override
  public String name() {
    return "simd";
  }

  @Override
  public Workspace newWorkspace() {
    return new SimdWorkspace();
  }

  @Override
  public int tokensPerBlock(int tokens) {
    return Lanes.COUNT;
  }

  @Override
  public int spectrumFloats(int features, int tokens) {
    return Math.max(lanes.spectrumFloats(features), singles.spectrumFloats(features));
  }

  /** Whether so few tokens are better done one by one. */
  private static boolean few(int count) {
    return 3 * count < Lanes.COUNT;
  }

  @Override
  public void transform(HostMatrix x, int first, int count, float[] spectrum, Workspace workspace) {
    SimdWorkspace own = (SimdWorkspace) workspace;
    if (few(count)) {
      singles.transform(x, first, count, spectrum, own);
    } else {
      lanes.transform(x, first, count, spectrum, own);
    }
  }

  @Override
  public void synthesize(
      SpectralMap map, float[] spectrum, int first, int count, HostMatrix y, Workspace workspace) {
    SimdWorkspace own = (SimdWorkspace) workspace;
    if (few(count)) {
      singles.synthesize(map, spectrum, first, count, y, own);
    } else {
      lanes.synthesize(map, spectrum, first, count, y, own);
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
    if (few(count)) {
      singles.accumulateGradient(map, xSpectrum, gSpectrum, first, count, sums);
    } else {
      LaneGradient.accumulate(
          map, xSpectrum, gSpectrum, first, count, sums, (SimdWorkspace) workspace);
    }
  }

  @Override
  public DensePath choosePath(int rows, int cols, int nFrequency) {
    return DenseCost.sumDirectly(plans.real(cols), nFrequency)
        ? DensePath.DIRECT
        : DensePath.PRUNED;
  }

  @Override
  public DenseTransform newDenseTransform() {
    return new SimdDenseTransform(plans);
  }

  @Override
  public DeltaGradient newDeltaGradient() {
    return new SimdDeltaGradient(plans);
  }

  @Override
  public boolean weighsAdaptersFirst(boolean perToken, int tokens) {
    return !perToken && !few(Math.min(tokens, Lanes.COUNT));
  }

  @Override
  public CostModel costModel() {
    return COSTS;
  }

  @Override
  public MatrixProduct newProduct(int threads) {
    return new SimdProduct();
  }
}
