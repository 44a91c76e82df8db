package io.fourierft.internal.cpu;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One {@code spectrumGradient}; reusable. Tokens are summed in groups whose number depends on the
 * batch alone, and the groups in order, so that the result does not depend on the threads.
 */
final class GradientCall implements WorkerPool.Tasks {
  /** More groups than this cannot be shared out better. */
  private static final int MOST_GROUPS = 64;

  /** Partial sums of all groups together, in numbers. */
  private static final long MOST_SUMS = 1L << 21;

  private final EngineCore core;
  private final SpectralMap map = new SpectralMap();
  private HostMatrix x = DeltaSink.NOTHING;
  private HostMatrix g = DeltaSink.NOTHING;
  private @Nullable CpuTokenSpectrum keptX;
  private @Nullable CpuTokenSpectrum keptG;
  private final List<HostMatrix> gradients = new ArrayList<>();
  private double[][][] sums = {};
  private int tokens;
  private int groups;

  GradientCall(EngineCore core) {
    this.core = core;
  }

  /** What the next call adds to, one for each adapter; empty between two calls. */
  List<HostMatrix> gradients() {
    return gradients;
  }

  /** Adds to {@link #gradients}. */
  void run(AdapterRouting routing, HostMatrix newX, HostMatrix newG) {
    x = newX;
    g = newG;
    run(routing, x.rows(), core.shareable(x) && core.shareable(g));
  }

  /** The same from kept transforms. */
  void run(AdapterRouting routing, CpuTokenSpectrum newX, CpuTokenSpectrum newG) {
    keptX = newX;
    keptG = newG;
    run(routing, newX.tokens(), true);
  }

  private void run(AdapterRouting routing, int newTokens, boolean shared) {
    tokens = newTokens;
    try {
      if (tokens == 0) {
        return;
      }
      map.setFolds(routing, false, core.cache());
      long entries = 0;
      for (int a = 0; a < map.adapters(); a++) {
        entries += map.fold(a).entries();
      }
      int blocks = core.blocks(tokens);
      groups = (int) Math.max(1, Math.min(Math.min(MOST_GROUPS, blocks), MOST_SUMS / entries));
      clearSums();
      int blocksPerGroup = (blocks + groups - 1) / groups;
      long numbers = (long) map.inLength() + map.outLength();
      int grain = EngineCore.grain(numbers, core.kernels().tokensPerBlock(tokens));
      core.pool().run(groups, Math.max(1, grain / blocksPerGroup), shared, this);
      for (int a = 0; a < map.adapters(); a++) {
        reduce(a, routing.adapters().get(a), gradients.get(a));
      }
    } finally {
      x = DeltaSink.NOTHING;
      g = DeltaSink.NOTHING;
      keptX = null;
      keptG = null;
      gradients.clear();
      map.clear();
    }
  }

  private void clearSums() {
    if (sums.length < groups) {
      int old = sums.length;
      sums = Arrays.copyOf(sums, groups);
      Arrays.fill(sums, old, groups, new double[0][]);
    }
    for (int i = 0; i < groups; i++) {
      if (sums[i].length < map.adapters()) {
        int old = sums[i].length;
        sums[i] = Arrays.copyOf(sums[i], map.adapters());
        Arrays.fill(sums[i], old, map.adapters(), new double[0]);
      }
      for (int a = 0; a < map.adapters(); a++) {
        int entries = map.fold(a).entries();
        if (sums[i][a].length < entries) {
          sums[i][a] = new double[entries];
        } else {
          Arrays.fill(sums[i][a], 0, entries, 0);
        }
      }
    }
  }

  @Override
  public void run(int group, Workspace workspace) {
    CpuKernels kernels = core.kernels();
    int blocks = core.blocks(tokens);
    int firstBlock = (int) ((long) blocks * group / groups);
    int endBlock = (int) ((long) blocks * (group + 1) / groups);
    CpuTokenSpectrum spectraX = keptX;
    CpuTokenSpectrum spectraG = keptG;
    for (int block = firstBlock; block < endBlock; block++) {
      int first = block * kernels.tokensPerBlock(tokens);
      int count = Math.min(kernels.tokensPerBlock(tokens), tokens - first);
      float[] blockX;
      float[] blockG;
      if (spectraX != null && spectraG != null) {
        blockX = spectraX.block(block);
        blockG = spectraG.block(block);
      } else {
        blockX = workspace.inputSpectrum(core.spectrumFloats(map.inLength(), tokens));
        blockG = workspace.outputSpectrum(core.spectrumFloats(map.outLength(), tokens));
        kernels.transform(x, first, count, blockX, workspace);
        kernels.transform(g, first, count, blockG, workspace);
      }
      kernels.accumulateGradient(map, blockX, blockG, first, count, sums[group], workspace);
    }
  }

  private void reduce(int a, FourierAdapter adapter, HostMatrix gradient) {
    SpectralFold fold = map.fold(a);
    double scale = adapter.scaling() / ((double) adapter.rows() * adapter.cols());
    for (int e = 0; e < fold.entries(); e++) {
      double sum = 0;
      for (int i = 0; i < groups; i++) {
        sum += sums[i][a][e];
      }
      int k = fold.sources()[e];
      gradient.set(0, k, gradient.get(0, k) + (float) (scale * sum));
    }
  }
}
