package io.fourierft.internal.cpu;

import io.fourierft.AdapterRouting;
import io.fourierft.HostMatrix;
import org.jspecify.annotations.Nullable;

/** One {@code apply} or {@code applyTransposed}, or the transform of tokens alone; reusable. */
final class SpectralCall implements WorkerPool.Tasks {
  private final EngineCore core;
  private final SpectralMap map = new SpectralMap();
  private HostMatrix input = DeltaSink.NOTHING;
  private HostMatrix output = DeltaSink.NOTHING;
  private @Nullable CpuTokenSpectrum kept;
  private int tokens;
  private int tokensPerTask;
  private boolean synthesizes;

  SpectralCall(EngineCore core) {
    this.core = core;
  }

  /** {@code y += map(x)}, tokens transformed on the way. */
  void apply(AdapterRouting routing, boolean transposed, HostMatrix x, HostMatrix y) {
    map.set(routing, transposed, core.cache(), weighted(routing, x.rows()));
    input = x;
    output = y;
    kept = null;
    synthesizes = true;
    run(x.rows(), core.shareable(x) && core.shareable(y));
  }

  /** {@code y += map(x)} from kept transforms. */
  void apply(AdapterRouting routing, boolean transposed, CpuTokenSpectrum x, HostMatrix y) {
    map.set(routing, transposed, core.cache(), weighted(routing, x.tokens()));
    output = y;
    kept = x;
    synthesizes = true;
    run(x.tokens(), core.shareable(y));
  }

  private boolean weighted(AdapterRouting routing, int tokens) {
    return core.kernels().weighsAdaptersFirst(routing.isPerToken(), tokens);
  }

  /** Transforms all tokens of x. */
  void transform(HostMatrix x, CpuTokenSpectrum into) {
    input = x;
    kept = into;
    synthesizes = false;
    run(x.rows(), core.shareable(x));
  }

  private void run(int newTokens, boolean shared) {
    tokens = newTokens;
    CpuKernels kernels = core.kernels();
    tokensPerTask =
        synthesizes && kept == null
            ? kernels.tokensPerApplication(tokens, shared ? core.pool().threads() : 1)
            : kernels.tokensPerBlock(tokens);
    long numbers = synthesizes ? (long) map.inLength() + map.outLength() : input.cols();
    try {
      int tasks = Math.ceilDiv(tokens, tokensPerTask);
      core.pool().run(tasks, EngineCore.grain(numbers, tokensPerTask), shared, this);
    } finally {
      input = DeltaSink.NOTHING;
      output = DeltaSink.NOTHING;
      kept = null;
      map.clear();
    }
  }

  @Override
  public void run(int task, Workspace workspace) {
    CpuKernels kernels = core.kernels();
    int first = task * tokensPerTask;
    int count = Math.min(tokensPerTask, tokens - first);
    CpuTokenSpectrum spectra = kept;
    if (spectra == null) {
      apply(first, count, workspace);
    } else if (synthesizes) {
      kernels.synthesize(map, spectra.block(task), first, count, output, workspace);
    } else {
      kernels.transform(input, first, count, spectra.block(task), workspace);
    }
  }

  /** Tokens that are no whole block are computed as such, whatever comes before them. */
  private void apply(int first, int count, Workspace workspace) {
    CpuKernels kernels = core.kernels();
    int rest = count % kernels.tokensPerBlock(tokens);
    if (count > rest) {
      kernels.apply(map, input, first, count - rest, output, workspace);
    }
    if (rest > 0) {
      kernels.apply(map, input, first + count - rest, rest, output, workspace);
    }
  }
}
