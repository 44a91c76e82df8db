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
    long numbers = synthesizes ? (long) map.inLength() + map.outLength() : input.cols();
    try {
      core.pool().run(core.blocks(tokens), core.grain(numbers, tokens), shared, this);
    } finally {
      input = DeltaSink.NOTHING;
      output = DeltaSink.NOTHING;
      kept = null;
      map.clear();
    }
  }

  @Override
  public void run(int block, Workspace workspace) {
    CpuKernels kernels = core.kernels();
    int first = block * kernels.tokensPerBlock(tokens);
    int count = Math.min(kernels.tokensPerBlock(tokens), tokens - first);
    CpuTokenSpectrum spectra = kept;
    if (!synthesizes) {
      if (spectra != null) {
        kernels.transform(input, first, count, spectra.block(block), workspace);
      }
      return;
    }
    float[] spectrum;
    if (spectra != null) {
      spectrum = spectra.block(block);
    } else {
      spectrum = workspace.inputSpectrum(core.spectrumFloats(map.inLength(), tokens));
      kernels.transform(input, first, count, spectrum, workspace);
    }
    kernels.synthesize(map, spectrum, first, count, output, workspace);
  }
}
