package io.fourierft.merge;

import io.fourierft.safetensors.TensorDeclaration;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * Native memory for changed tensors, bounded for all threads together. Whoever asks first is served
 * first, so that a large tensor gets its turn among small ones. What is given back is kept for the
 * next tensor of that size, since a system takes long to hand out memory and to clear it.
 */
final class TensorMemory implements AutoCloseable {
  /** Small tensors may be held side by side up to this. */
  private static final long ORDINARY_BYTES = 128L << 20;

  private static final long UNIT_BYTES = 64 << 10;
  private static final long ALIGNMENT = 64;

  private final int units;
  private final Semaphore free;

  // Guarded by this.
  private final List<Block> kept = new ArrayList<>();
  private boolean closed;

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
    try {
      return new Held(this, block(bytes), held);
    } catch (Throwable e) {
      free.release(held);
      throw e;
    }
  }

  /** One that is kept, or else a new one, for which all that are kept make room. */
  private synchronized Block block(long bytes) {
    for (int i = 0; i < kept.size(); i++) {
      if (kept.get(i).bytes().byteSize() == bytes) {
        return kept.remove(i);
      }
    }
    long keptUnits = kept.stream().mapToLong(block -> units(block.bytes().byteSize())).sum();
    if (keptUnits > free.availablePermits()) {
      releaseKept();
    }
    return Block.allocate(bytes);
  }

  private synchronized void giveBack(Block block, int held) {
    if (closed) {
      block.arena().close();
    } else {
      kept.add(block);
    }
    free.release(held);
  }

  private void releaseKept() {
    kept.forEach(block -> block.arena().close());
    kept.clear();
  }

  /** Gives all memory back to the system; what is still held, when it is given back. */
  @Override
  public synchronized void close() {
    closed = true;
    releaseKept();
  }

  private record Block(Arena arena, MemorySegment bytes) {
    // The arena outlives this method: whoever has the block closes it.
    @SuppressWarnings("MustBeClosedChecker")
    static Block allocate(long bytes) {
      Arena arena = Arena.ofShared();
      try {
        return new Block(arena, arena.allocate(Math.max(1, bytes), ALIGNMENT).asSlice(0, bytes));
      } catch (Throwable e) {
        arena.close();
        throw e;
      }
    }
  }

  /** Memory of one tensor, any bytes in it; closing gives it back. */
  static final class Held implements AutoCloseable {
    private final TensorMemory memory;
    private final Block block;
    private final int units;

    private Held(TensorMemory memory, Block block, int units) {
      this.memory = memory;
      this.block = block;
      this.units = units;
    }

    MemorySegment bytes() {
      return block.bytes();
    }

    @Override
    public void close() {
      memory.giveBack(block, units);
    }
  }
}
