package io.fourierft.internal.cuda.ops;

import io.fourierft.internal.checks.KeptSpectrum;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.device.OpenResources;
import io.fourierft.internal.cuda.fft.PlanKey;
import io.fourierft.internal.cuda.memory.DeviceBlock;
import io.fourierft.internal.cuda.struct.ComplexStruct;

/** Half spectra of tokens, dense {@code [tokens, features/2 + 1]} complex, conjugates of X. */
public final class CudaTokenSpectrum extends KeptSpectrum {
  private final OpenResources registry;
  private final DeviceBlock block;

  public CudaTokenSpectrum(
      CudaContext context, OpenResources registry, int capacity, int features) {
    super(context, capacity, features);
    this.registry = registry;
    // An eighth more, because a batch that is rounded up may end beyond the last token.
    long rounded = capacity + capacity / 8L + 1;
    long bytes = Math.multiplyExact(rounded, bytesPerToken(features));
    this.block = registry.make(() -> DeviceBlock.allocate(context, bytes));
  }

  /** Bytes of the half spectrum of one token. */
  static long bytesPerToken(long features) {
    return PlanKey.half(features) * ComplexStruct.BYTES;
  }

  /** The memory. */
  public DeviceBlock block() {
    return block;
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
    registry.giveBack(block);
  }
}
