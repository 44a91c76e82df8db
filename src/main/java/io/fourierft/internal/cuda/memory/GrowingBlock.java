package io.fourierft.internal.cuda.memory;

import io.fourierft.internal.cuda.device.CudaContext;
import org.jspecify.annotations.Nullable;

/**
 * Device memory that is kept from call to call and replaced by a larger piece when one is asked
 * for. Used on one stream only, in whose order its users follow one another. Not thread-safe.
 */
public final class GrowingBlock implements AutoCloseable {
  private final CudaContext context;
  private @Nullable DeviceBlock block;

  public GrowingBlock(CudaContext context) {
    this.context = context;
  }

  /** Bytes held now. */
  public long bytes() {
    return block == null ? 0 : block.bytes();
  }

  /** Address of at least {@code bytes} bytes; what they held is lost if they had to be replaced. */
  public long atLeast(long bytes) {
    DeviceBlock current = block;
    if (current == null || current.bytes() < bytes) {
      close();
      current = DeviceBlock.allocate(context, bytes);
      block = current;
    }
    return current.pointer();
  }

  /** Gives the memory back; it can grow again. */
  @Override
  public void close() {
    if (block != null) {
      block.close();
      block = null;
    }
  }
}
