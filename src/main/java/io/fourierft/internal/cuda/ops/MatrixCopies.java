package io.fourierft.internal.cuda.ops;

import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.memory.DeviceBytes;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.stream.WorkStream;

/** Copies of whole matrices between host and device, and filling with zero. */
public final class MatrixCopies {
  private final CudaDriver driver;

  public MatrixCopies(CudaDriver driver) {
    this.driver = driver;
  }

  /** The device's side of a copy, if it is as large as the host's and of its type. */
  public static DeviceView alike(Matrix host, Matrix device) {
    if (host.rows() != device.rows()
        || host.cols() != device.cols()
        || host.elementType() != device.elementType()
        || !(device instanceof DeviceView view)) {
      throw new ShapeException(
          "a copy needs two matrices of one shape and type, but the host's is %s %d x %d, the device's %s %d x %d"
              .formatted(
                  host.elementType(),
                  host.rows(),
                  host.cols(),
                  device.elementType(),
                  device.rows(),
                  device.cols()));
    }
    return view;
  }

  /** Copies in as few calls as the pinned pieces allow. */
  public void upload(WorkStream stream, HostMatrix from, DeviceView to) {
    stream.upload(HostBytes.of(from), DeviceBytes.of(to));
  }

  /** Copies in as few calls as the pinned pieces allow. */
  public void download(WorkStream stream, DeviceView from, HostMatrix to) {
    stream.download(DeviceBytes.of(from), HostBytes.of(to));
  }

  /** Copies within the device, in one call where both are dense. */
  public void copy(WorkStream stream, DeviceView from, DeviceView to) {
    int size = from.elementType().sizeInBytes();
    boolean dense = from.stride() == from.cols() && to.stride() == to.cols();
    long rowBytes = (long) from.cols() * size;
    long runs = dense ? Math.min(from.rows(), 1) : from.rows();
    long runBytes = dense ? from.rows() * rowBytes : rowBytes;
    for (long run = 0; run < runs; run++) {
      driver.memcpyDtoDAsync(
          to.pointer() + run * to.stride() * size,
          from.pointer() + run * from.stride() * size,
          runBytes,
          stream.handle());
    }
  }

  /** Makes every element zero; what stands between strided rows stays. */
  public void zero(WorkStream stream, DeviceView matrix) {
    DeviceBytes rows = DeviceBytes.of(matrix);
    long at = 0;
    while (at < rows.bytes()) {
      DeviceBytes part = rows.part(at, Long.MAX_VALUE);
      if (part.rows() == 1) {
        driver.memsetD8Async(part.pointer(), (byte) 0, part.rowBytes(), stream.handle());
      } else {
        driver.memsetD2D8Async(
            part.pointer(), part.pitch(), (byte) 0, part.rowBytes(), part.rows(), stream.handle());
      }
      at += part.bytes();
    }
  }
}
