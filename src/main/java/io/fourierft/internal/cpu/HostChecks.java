package io.fourierft.internal.cpu;

import io.fourierft.DeviceMatrix;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.internal.checks.CallChecks;
import io.fourierft.internal.host.HostViews;

/** The checks of an engine that reaches host memory alone. */
final class HostChecks extends CallChecks<HostMatrix> {
  @Override
  public HostMatrix reachable(Matrix matrix, String name) {
    return switch (matrix) {
      case HostMatrix host -> host(host, name);
      case DeviceMatrix device ->
          throw new ShapeException(
              ("%s is in memory of device %s, which the CPU engine cannot reach; copy it to the"
                      + " host or use the engine that made it")
                  .formatted(name, device.device()));
    };
  }

  @Override
  protected boolean overlap(HostMatrix a, HostMatrix b) {
    return HostViews.overlap(a, b);
  }
}
