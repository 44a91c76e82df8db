package io.fourierft.merge;

import io.fourierft.safetensors.TensorDeclaration;
import java.util.concurrent.Semaphore;

/**
 * What threads may hold of changed tensors at a time, all together. Whoever asks first is served
 * first, so that a large tensor gets its turn among small ones.
 */
final class TensorMemory {
  /** Small tensors may be held side by side up to this. */
  private static final long ORDINARY_BYTES = 128L << 20;

  private static final long UNIT_BYTES = 64 << 10;

  private final int units;
  private final Semaphore free;

  private TensorMemory(long bytes) {
    this.units = Math.toIntExact(units(bytes));
    this.free = new Semaphore(units, true);
  }

  /** Enough for the largest changed tensor of a merge alone. */
  static TensorMemory of(MergePlan plan) {
    long largest =
        plan.shards().shards().stream()
            .flatMap(shard -> shard.tensors().stream())
            .filter(declaration -> !plan.tensor(declaration.name()).isUntouched())
            .mapToLong(TensorDeclaration::sizeInBytes)
            .max()
            .orElse(0);
    return ofBytes(Math.max(largest, ORDINARY_BYTES));
  }

  static TensorMemory ofBytes(long bytes) {
    return new TensorMemory(bytes);
  }

  private static long units(long bytes) {
    return Math.ceilDiv(bytes, UNIT_BYTES);
  }

  /** Waits until there is room. */
  Held hold(long bytes) {
    int held = (int) Math.min(units, units(bytes));
    free.acquireUninterruptibly(held);
    return () -> free.release(held);
  }

  /** Gives it back. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }
}
