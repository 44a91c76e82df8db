package io.fourierft.internal.cuda.memory;

import io.fourierft.HostMatrix;
import java.lang.foreign.MemorySegment;

/**
 * Bytes of the host as equal rows at equal distances; read or written as one dense run of {@code
 * rows * rowBytes} bytes.
 *
 * @param data the memory
 * @param rows number of rows
 * @param rowBytes bytes of a row
 * @param pitch bytes from the start of one row to the start of the next
 */
public record HostBytes(MemorySegment data, long rows, long rowBytes, long pitch) {
  public static HostBytes of(HostMatrix matrix) {
    int size = matrix.elementType().sizeInBytes();
    long rowBytes = (long) matrix.cols() * size;
    if (matrix.stride() == matrix.cols()) {
      long all = matrix.rows() * rowBytes;
      return new HostBytes(matrix.data(), all == 0 ? 0 : 1, all, all);
    }
    return new HostBytes(matrix.data(), matrix.rows(), rowBytes, matrix.stride() * size);
  }

  public static HostBytes of(float[] values) {
    return whole(MemorySegment.ofArray(values));
  }

  public static HostBytes of(int[] values) {
    return whole(MemorySegment.ofArray(values));
  }

  public static HostBytes whole(MemorySegment memory) {
    return new HostBytes(memory, 1, memory.byteSize(), memory.byteSize());
  }

  /** Bytes of the dense run. */
  public long bytes() {
    return rows * rowBytes;
  }

  /** Copies bytes {@code from} to {@code from + count} of the dense run to {@code to}. */
  void read(long from, long count, MemorySegment to) {
    long done = 0;
    while (done < count) {
      long row = (from + done) / rowBytes;
      long within = (from + done) % rowBytes;
      long part = Math.min(rowBytes - within, count - done);
      MemorySegment.copy(data, row * pitch + within, to, done, part);
      done += part;
    }
  }

  /** Copies {@code from} to bytes {@code to} to {@code to + count} of the dense run. */
  void write(long to, long count, MemorySegment from) {
    long done = 0;
    while (done < count) {
      long row = (to + done) / rowBytes;
      long within = (to + done) % rowBytes;
      long part = Math.min(rowBytes - within, count - done);
      MemorySegment.copy(from, done, data, row * pitch + within, part);
      done += part;
    }
  }
}
