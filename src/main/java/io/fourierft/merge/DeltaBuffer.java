package io.fourierft.merge;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory for the ΔWs of a batch of adapters, which are computed in one call of the engine. Used by
 * one thread at a time.
 */
public final class DeltaBuffer {
  private static final long ALIGNMENT = 64;

  private final MemorySegment memory;
  private final List<MemorySegment> slices = new ArrayList<>();

  /** In memory of the caller's, which must be reachable by the engine's threads. */
  public DeltaBuffer(MemorySegment memory) {
    this.memory = memory;
  }

  /** Bytes that these ΔWs take in a buffer. */
  public static long needed(List<FourierAdapter> adapters) {
    return adapters.stream().mapToLong(DeltaBuffer::needed).sum();
  }

  /**
   * An upper bound of what ΔWs take in a buffer.
   *
   * @param bytes of all of them
   * @param count how many they are
   */
  public static long bound(long bytes, int count) {
    return bytes + ALIGNMENT * count;
  }

  private static long needed(FourierAdapter adapter) {
    long bytes = (long) adapter.rows() * adapter.cols() * Float.BYTES;
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Computes them all in one call of the engine, one after the other in this memory. */
  public void compute(FourierEngine engine, List<FourierAdapter> adapters) {
    slices.clear();
    List<HostMatrix> matrices = new ArrayList<>(adapters.size());
    long offset = 0;
    for (FourierAdapter adapter : adapters) {
      long bytes = (long) adapter.rows() * adapter.cols() * Float.BYTES;
      MemorySegment slice = memory.asSlice(offset, bytes);
      slices.add(slice);
      matrices.add(Matrix.of(slice, ElementType.F32, adapter.rows(), adapter.cols()));
      offset += needed(adapter);
    }
    engine.deltaWeights(adapters, matrices);
  }

  /** The bytes of the ΔW of that number of the last batch. */
  public MemorySegment slice(int index) {
    return slices.get(index);
  }
}
