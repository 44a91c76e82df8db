package io.fourierft.internal.cuda;

import io.fourierft.internal.checks.KeptSpectrum;

/** Half spectra of tokens, dense {@code [tokens, features/2 + 1]} complex, conjugates of X. */
final class CudaTokenSpectrum extends KeptSpectrum {
  private final OpenBuffers registry;
  private final DeviceBlock block;

  CudaTokenSpectrum(CudaContext context, OpenBuffers registry, int capacity, int features) {
    super(context, capacity, features);
    this.registry = registry;
    // An eighth more, because a batch that is rounded up may end beyond the last token.
    long rounded = capacity + capacity / 8L + 1;
    this.block = context.allocate(Math.multiplyExact(rounded, bytesPerToken(features)));
    registry.add(block);
  }

  /** Bytes of the half spectrum of one token. */
  static long bytesPerToken(long features) {
    return PlanKey.half(features) * 2 * Float.BYTES;
  }

  /** Device address of the half spectrum of token {@code t}. */
  long pointer(int t) {
    return block.pointer() + t * bytesPerToken(features());
  }

  @Override
  protected boolean isClosed() {
    return block.isClosed();
  }

  @Override
  public void close() {
    registry.remove(block);
    block.close();
  }
}
