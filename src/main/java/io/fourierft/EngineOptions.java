package io.fourierft;

/**
 * How an engine is to be opened.
 *
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}; {@code auto} takes the
 *     first engine that this machine has, anything else is an error when it cannot be had
 * @param threads worker threads of a CPU engine; 0 for the machine's processors, at most {@value
 *     #MOST_THREADS}
 * @param kernels CPU kernels: {@code auto}, {@code simd} (the Vector API module must be enabled) or
 *     {@code jtransforms}
 */
public record EngineOptions(String device, int threads, String kernels) {
  /** More worker threads than any machine has processors are refused. */
  public static final int MOST_THREADS = 4096;

  /** Property that sets the device of {@link #defaults()}. */
  public static final String DEVICE_PROPERTY = "fourierft.device";

  /** Property that sets the threads of {@link #defaults()}. */
  public static final String THREADS_PROPERTY = "fourierft.threads";

  /** Property that sets the CPU kernels of {@link #defaults()}. */
  public static final String KERNELS_PROPERTY = "fourierft.cpu.kernels";

  /**
   * Checks the values.
   *
   * @throws FourierException if one is unknown or out of range
   */
  public EngineOptions {
    if (!device.matches("auto|cpu|cuda(:\\d{1,4})?")) {
      throw new FourierException(
          "device '" + device + "' is unknown; use auto, cpu, cuda or cuda:N");
    }
    if (threads < 0 || threads > MOST_THREADS) {
      throw new FourierException(
          "threads is %d; use 0 for all processors, or 1 to %d".formatted(threads, MOST_THREADS));
    }
    if (!kernels.matches("auto|simd|jtransforms")) {
      throw new FourierException(
          "CPU kernels '" + kernels + "' are unknown; use auto, simd or jtransforms");
    }
  }

  /** {@code auto} everything, unless the system properties above say otherwise. */
  public static EngineOptions defaults() {
    String threads = System.getProperty(THREADS_PROPERTY, "0");
    int count;
    try {
      count = Integer.parseInt(threads);
    } catch (NumberFormatException e) {
      throw new FourierException(THREADS_PROPERTY + "=" + threads + " is not a number", e);
    }
    return new EngineOptions(
        System.getProperty(DEVICE_PROPERTY, "auto"),
        count,
        System.getProperty(KERNELS_PROPERTY, "auto"));
  }

  /** Whether any device will do. */
  public boolean isAuto() {
    return device.equals("auto");
  }

  /**
   * Whether an engine is one of those asked for: any where the device is {@code auto}, else those
   * of its kind.
   *
   * @param engine a name, as {@code cuda:0}, or a kind, as {@code cuda}
   */
  public boolean wants(String engine) {
    return isAuto() || kind(device).equals(kind(engine));
  }

  private static String kind(String engine) {
    int colon = engine.indexOf(':');
    return colon < 0 ? engine : engine.substring(0, colon);
  }

  /** The same options with another device. */
  public EngineOptions withDevice(String newDevice) {
    return new EngineOptions(newDevice, threads, kernels);
  }

  /** The same options with another number of threads. */
  public EngineOptions withThreads(int newThreads) {
    return new EngineOptions(device, newThreads, kernels);
  }

  /** The same options with other CPU kernels. */
  public EngineOptions withKernels(String newKernels) {
    return new EngineOptions(device, threads, newKernels);
  }
}
