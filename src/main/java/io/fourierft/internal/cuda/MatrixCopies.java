package io.fourierft.internal.cuda;

import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.internal.cuda.ffm.CudaDriver;

/** Copies of whole matrices between host and device, and filling with zero. */
final class MatrixCopies {
  private final CudaDriver driver;

  MatrixCopies(CudaDriver driver) {
    this.driver = driver;
  }

  /** The device's side of a copy, if it is as large as the host's and of its type. */
  static DeviceView alike(Matrix host, Matrix device) {
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
  void upload(Lane lane, HostMatrix from, DeviceView to) {
    lane.upload(HostRows.of(from), DeviceRows.of(to));
  }

  /** Copies in as few calls as the pinned pieces allow. */
  void download(Lane lane, DeviceView from, HostMatrix to) {
    lane.download(DeviceRows.of(from), HostRows.of(to));
  }

  /** Makes every element zero; what stands between strided rows stays. */
  void zero(Lane lane, DeviceView matrix) {
    DeviceRows rows = DeviceRows.of(matrix);
    long at = 0;
    while (at < rows.bytes()) {
      DeviceRows part = rows.part(at, Long.MAX_VALUE);
      if (part.rows() == 1) {
        driver.memsetD8Async(part.pointer(), (byte) 0, part.rowBytes(), lane.stream());
      } else {
        driver.memsetD2D8Async(
            part.pointer(), part.pitch(), (byte) 0, part.rowBytes(), part.rows(), lane.stream());
      }
      at += part.bytes();
    }
  }
}
