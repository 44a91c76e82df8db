package io.fourierft.internal.cuda.ops;

import io.fourierft.ElementType;
import io.fourierft.Matrix;
import io.fourierft.internal.checks.KeptSpectrum;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.device.OpenResources;
import io.fourierft.internal.cuda.fft.PlanKey;
import io.fourierft.internal.cuda.memory.DeviceBlock;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.struct.ComplexStruct;

/**
 * What is kept of tokens: the tokens themselves, dense float32, where the kernels that use them
 * transform them in shared memory anyway; else half spectra, dense {@code [tokens, features/2 + 1]}
 * complex, conjugates of X.
 */
public final class CudaTokenSpectrum extends KeptSpectrum {
  private final CudaContext context;
  private final OpenResources registry;
  private final DeviceBlock block;
  private final boolean keepsTokens;

  public CudaTokenSpectrum(
      CudaContext context,
      OpenResources registry,
      int capacity,
      int features,
      boolean keepsTokens) {
    super(context, capacity, features);
    this.context = context;
    this.registry = registry;
    this.keepsTokens = keepsTokens;
    // An eighth more, because a batch that is rounded up may end beyond the last token.
    long rows = keepsTokens ? Math.max(capacity, 1) : capacity + capacity / 8L + 1;
    long bytes = Math.multiplyExact(rows, bytesPerToken());
    this.block = registry.make(() -> DeviceBlock.allocate(context, bytes));
  }

  /** Bytes of the half spectrum of one token. */
  static long spectrumBytes(long features) {
    return PlanKey.half(features) * ComplexStruct.BYTES;
  }

  private long bytesPerToken() {
    return keepsTokens ? (long) features() * Float.BYTES : spectrumBytes(features());
  }

  /** Whether the tokens themselves are kept. */
  boolean keepsTokens() {
    return keepsTokens;
  }

  /** The memory. */
  public DeviceBlock block() {
    return block;
  }

  /** Device address of what is kept of token {@code t}. */
  long pointer(int t) {
    return block.pointer() + t * bytesPerToken();
  }

  /** The tokens, if they are kept. */
  Matrix view() {
    return new DeviceView(
        context, null, block.pointer(), ElementType.F32, tokens(), features(), features());
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
