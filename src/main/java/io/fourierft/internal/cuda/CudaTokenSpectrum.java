package io.fourierft.internal.cuda;

import io.fourierft.EngineClosedException;
import io.fourierft.TokenSpectrum;

/** Half spectra of tokens, dense {@code [tokens, features/2 + 1]} complex, conjugates of X. */
final class CudaTokenSpectrum implements TokenSpectrum {
  private final CudaContext context;
  private final OpenBuffers registry;
  private final DeviceBlock block;
  private final int capacity;
  private final int features;
  private volatile int tokens;

  CudaTokenSpectrum(CudaContext context, OpenBuffers registry, int capacity, int features) {
    this.context = context;
    this.registry = registry;
    this.capacity = capacity;
    this.features = features;
    // An eighth more, because a batch that is rounded up may end beyond the last token.
    long rounded = capacity + capacity / 8L + 1;
    this.block = context.allocate(Math.multiplyExact(rounded, bytesPerToken(features)));
    registry.add(block);
  }

  /** Bytes of the half spectrum of one token. */
  static long bytesPerToken(long features) {
    return PlanKey.half(features) * 2 * Float.BYTES;
  }

  CudaContext context() {
    return context;
  }

  /** Device address of the half spectrum of token {@code t}. */
  long pointer(int t) {
    return block.pointer() + t * bytesPerToken(features);
  }

  void requireOpen(String name) {
    if (block.isClosed()) {
      throw new EngineClosedException(name + " was closed, by itself or with its engine");
    }
  }

  void filled(int count) {
    tokens = count;
  }

  @Override
  public int capacity() {
    return capacity;
  }

  @Override
  public int tokens() {
    return tokens;
  }

  @Override
  public int features() {
    return features;
  }

  @Override
  public void close() {
    registry.remove(block);
    block.close();
  }
}
