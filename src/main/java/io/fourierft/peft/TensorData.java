package io.fourierft.peft;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** The bytes of a tensor, wherever they are: little-endian, row-major, without gaps. */
@FunctionalInterface
public interface TensorData {
  /**
   * Lends the bytes to {@code use} for the length of the call. They must not be kept.
   *
   * @throws IOException if they cannot be read any more, or {@code use} fails
   */
  void lend(Use use) throws IOException;

  /** What is done with the bytes. */
  @FunctionalInterface
  interface Use {
    /** Takes the read-only bytes for the length of the call. */
    void accept(MemorySegment bytes) throws IOException;
  }

  /** Bytes on the heap, copied. */
  static TensorData of(byte[] bytes) {
    MemorySegment copy = MemorySegment.ofArray(bytes.clone()).asReadOnly();
    return use -> use.accept(copy);
  }
}
