package io.fourierft.internal.cuda;

import io.fourierft.DeviceMatrix;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.internal.checks.CallChecks;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.OwnedBuffer;
import io.fourierft.internal.host.HostViews;

/** The checks of an engine that reaches host memory and the device memory of one context. */
public final class DeviceChecks extends CallChecks<Matrix> {
  private final CudaContext context;

  DeviceChecks(CudaContext context) {
    this.context = context;
  }

  /** The matrix as one that the engine can reach: a {@link HostMatrix} or a {@link DeviceView}. */
  @Override
  public Matrix reachable(Matrix matrix, String name) {
    return switch (matrix) {
      case HostMatrix host -> host(host, name);
      case OwnedBuffer buffer -> reachable(buffer.view(), name);
      case DeviceView view -> {
        if (view.context() != context) {
          throw new ShapeException(
              "%s is in memory of another engine, on %s; use that engine, or copy it to %s"
                  .formatted(name, view.device(), context.device().engineName()));
        }
        view.pointer();
        yield view;
      }
      case DeviceMatrix device ->
          throw new ShapeException(
              "%s is in memory of device %s that this engine does not know; wrap it with matrixAt"
                  .formatted(name, device.device()));
    };
  }

  /** Refuses memory of another device or context; that of a pool belongs to no context. */
  void requireSameContext(long pointer) {
    CudaDriver driver = context.driver();
    String engine = context.device().engineName();
    int ordinal = context.call(() -> driver.pointerGetDeviceOrdinal(pointer));
    if (ordinal != context.device().ordinal()) {
      throw new FourierException(
          "device pointer 0x%x belongs to cuda:%d, not to %s; use an engine of that device"
              .formatted(pointer, ordinal, engine));
    }
    long owner = context.call(() -> driver.pointerGetContext(pointer));
    if (owner != 0 && owner != context.handle()) {
      throw new FourierException(
          "device pointer 0x%x belongs to another context than the primary one of %s"
              .formatted(pointer, engine));
    }
  }

  @Override
  protected boolean overlap(Matrix a, Matrix b) {
    if (a instanceof HostMatrix first && b instanceof HostMatrix second) {
      return HostViews.overlap(first, second);
    }
    if (a instanceof DeviceView first && b instanceof DeviceView second) {
      long distance = second.pointer() - first.pointer();
      return distance < bytes(first)
          && -distance < bytes(second)
          && !HostViews.sideBySide(a, b, distance);
    }
    return false;
  }

  private static long bytes(Matrix matrix) {
    return DeviceView.requireSizes(
        matrix.rows(), matrix.cols(), matrix.stride(), matrix.elementType());
  }
}
