package io.fourierft.benchmarks.gpu;

import io.fourierft.ElementType;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** What the machine can do: its copy bandwidth, and what a native call costs. */
final class Baselines {
  private static final int COPY_ROWS = 1 << 14;
  private static final int COPY_COLS = 1 << 14;
  private static final int WARM_CALLS = 50_000;
  private static final int CALLS = 20_000;
  private static final int ROUNDS = 15;

  private final Bench bench;
  private final Device device;

  Baselines(Bench bench, Device device) {
    this.bench = bench;
    this.device = device;
  }

  /** Bytes read and written a second by a copy within the device. */
  double copyBandwidth() {
    int side = device.isEmulated() ? 64 : COPY_ROWS;
    int cols = device.isEmulated() ? 64 : COPY_COLS;
    CudaFourierEngine engine = bench.engine();
    try (DeviceBuffer from = bench.random(ElementType.F32, side, cols, 5);
        DeviceBuffer to = engine.newBuffer(ElementType.F32, side, cols)) {
      long bytes = from.sizeInBytes();
      GpuClock.Timing timing =
          bench
              .clock()
              .time(
                  (on, _) ->
                      device
                          .driver()
                          .memcpyDtoDAsync(
                              to.pointer(), from.pointer(), bytes, on.stream().handle()),
                  1,
                  0.2);
      return 2.0 * bytes / (timing.milliseconds() / 1000);
    }
  }

  /**
   * Nanoseconds of a call of some functions of the driver that do next to nothing, through the
   * engine's bindings: the crossing, the handling of the result and of out parameters, and what the
   * function itself takes.
   */
  Map<String, Double> nativeCalls() {
    Map<String, Double> out = new LinkedHashMap<>();
    CudaDriver driver = device.driver();
    long stream = bench.engine().stream().handle();
    out.put("cuDriverGetVersion", nanoseconds(driver::driverGetVersion));
    out.put("cuStreamIsCapturing", nanoseconds(() -> driver.streamIsCapturing(stream) ? 1 : 0));
    int known = driver.deviceGet(0);
    out.put(
        "cuDeviceGetAttribute",
        nanoseconds(() -> driver.deviceGetAttribute(CudaDriver.COMPUTE_CAPABILITY_MAJOR, known)));
    long context = bench.engine().context();
    out.put(
        "cuCtxPushCurrent_v2 and cuCtxPopCurrent_v2",
        nanoseconds(
            () -> {
              driver.ctxPushCurrent(context);
              return driver.ctxPopCurrent();
            }));
    return out;
  }

  private static double nanoseconds(LongSupplier call) {
    long sink = 0;
    for (int i = 0; i < WARM_CALLS; i++) {
      sink += call.getAsLong();
    }
    double[] rounds = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      long begin = System.nanoTime();
      for (int i = 0; i < CALLS; i++) {
        sink += call.getAsLong();
      }
      rounds[round] = (System.nanoTime() - begin) / (double) CALLS;
    }
    Arrays.sort(rounds);
    if (sink == Long.MIN_VALUE) {
      throw new IllegalStateException("cannot be; it keeps the calls from being left out");
    }
    return rounds[ROUNDS / 2];
  }
}
