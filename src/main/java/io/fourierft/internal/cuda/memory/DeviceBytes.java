package io.fourierft.internal.cuda.memory;

import io.fourierft.internal.cuda.ffm.CudaDriver;

/**
 * Bytes of the device as equal rows at equal distances; read or written as one dense run of {@code
 * rows * rowBytes} bytes. A single row is a plain range.
 *
 * @param pointer device address of the first row
 * @param rows number of rows
 * @param rowBytes bytes of a row
 * @param pitch bytes from the start of one row to the start of the next
 */
public record DeviceBytes(long pointer, long rows, long rowBytes, long pitch) {
  public static DeviceBytes of(DeviceView matrix) {
    int size = matrix.elementType().sizeInBytes();
    long rowBytes = (long) matrix.cols() * size;
    return matrix.stride() == matrix.cols()
        ? range(matrix.pointer(), matrix.rows() * rowBytes)
        : new DeviceBytes(matrix.pointer(), matrix.rows(), rowBytes, matrix.stride() * size);
  }

  public static DeviceBytes range(long pointer, long bytes) {
    return new DeviceBytes(pointer, bytes == 0 ? 0 : 1, bytes, bytes);
  }

  /** Bytes of the dense run. */
  public long bytes() {
    return rows * rowBytes;
  }

  /**
   * What one call of the driver can take of the dense run from byte {@code from}, at most {@code
   * most} bytes: whole rows, or a range within one row that is longer, or that is further from the
   * next than the driver copies at a time.
   */
  public DeviceBytes part(long from, long most) {
    long row = from / rowBytes;
    long within = from % rowBytes;
    long start = pointer + row * pitch + within;
    long whole = Math.min(most / rowBytes, rows - row);
    if (within != 0 || whole < 2 || pitch > CudaDriver.MAX_PITCH) {
      return range(start, Math.min(most, rowBytes - within));
    }
    return new DeviceBytes(start, whole, rowBytes, pitch);
  }
}
