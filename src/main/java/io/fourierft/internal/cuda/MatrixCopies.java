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

  /** Copies row by row where the device matrix is strided. */
  void upload(Lane lane, HostMatrix from, DeviceView to) {
    if (to.stride() == to.cols()) {
      lane.upload(HostRows.of(from), to.pointer());
      return;
    }
    for (int row = 0; row < to.rows(); row++) {
      lane.upload(HostRows.of(TokenTransforms.rows(from, row, 1)), rowPointer(to, row));
    }
  }

  /** Copies row by row where the device matrix is strided. */
  void download(Lane lane, DeviceView from, HostMatrix to) {
    if (from.stride() == from.cols()) {
      lane.download(from.pointer(), HostRows.of(to));
      return;
    }
    for (int row = 0; row < from.rows(); row++) {
      lane.download(rowPointer(from, row), HostRows.of(TokenTransforms.rows(to, row, 1)));
    }
  }

  /** Makes every element zero; what stands between strided rows stays. */
  void zero(Lane lane, DeviceView matrix) {
    long rowBytes = (long) matrix.cols() * matrix.elementType().sizeInBytes();
    boolean dense = matrix.stride() == matrix.cols();
    long runs = dense ? Math.min(1, matrix.rows()) : matrix.rows();
    long runBytes = dense ? matrix.rows() * rowBytes : rowBytes;
    for (int run = 0; run < runs; run++) {
      driver.memsetD8Async(rowPointer(matrix, run), (byte) 0, runBytes, lane.stream());
    }
  }

  private static long rowPointer(DeviceView matrix, int row) {
    return matrix.pointer() + row * matrix.stride() * matrix.elementType().sizeInBytes();
  }
}
