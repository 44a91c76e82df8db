package io.fourierft.benchmarks.gpu;

import io.fourierft.FourierException;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaGraph;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.stream.EngineStream;
import io.fourierft.internal.cuda.stream.WorkStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Times enqueued work by CUDA events on the engine's stream. A measurement is the median over
 * samples; a sample is many calls one after another, so that the event's own cost disappears. Use
 * and close it on one thread: the device's context is current there meanwhile.
 */
final class GpuClock implements AutoCloseable {
  private static final double SAMPLE_MILLISECONDS = 4;

  private static final int MOST_CALLS = 48;

  /** The driver's queue takes about a thousand launches; beyond that enqueueing waits. */
  private static final long MOST_LAUNCHES = 800;

  /** Some kernels make up a transform of cuFFT's. */
  private static final long LAUNCHES_OF_TRANSFORM = 2;

  private static final int MOST_SAMPLES = 25;
  private static final int LEAST_SAMPLES = 3;
  private static final int MOST_LATENCY_SAMPLES = 101;
  private static final int LEAST_LATENCY_SAMPLES = 15;
  private static final double LATENCY_MILLISECONDS = 20;

  /** Below this the calling thread may be what decides, and its code must be compiled. */
  private static final double SHORT_MILLISECONDS = 0.1;

  /** The JVM's second compiler is done with whatever is called so often. */
  private static final int WARM_CALLS = 20_000;

  private static final double MOST_WARM_SECONDS = 0.5;

  /** Times what is measured: how long short calls and others are made before. */
  private static final double SHORT_WARM_SHARE = 8;

  private static final double WARM_SHARE = 1.5;

  /** Above this the gaps between launches cannot matter, and no graph is recorded. */
  private static final double GRAPH_MILLISECONDS = 5;

  private final CudaDriver driver;
  private final CudaFourierEngine engine;
  private final long start;
  private final long end;

  GpuClock(CudaDriver driver, CudaFourierEngine engine) {
    this.driver = driver;
    this.engine = engine;
    driver.ctxPushCurrent(engine.context());
    this.start = driver.eventCreate(CudaDriver.EVENT_DEFAULT);
    this.end = driver.eventCreate(CudaDriver.EVENT_DEFAULT);
  }

  /** Work that is enqueued and does not wait. */
  @FunctionalInterface
  interface Work {
    /**
     * Enqueues once.
     *
     * @param set which of several sets of buffers to use, so that one call does not find in the
     *     cache what the call before left there
     */
    void enqueue(CudaFourierEngine on, int set);
  }

  /**
   * A measurement.
   *
   * @param milliseconds median time of one call on the device, calls enqueued back to back
   * @param low smallest sample
   * @param high largest sample
   * @param samples how many
   * @param enqueueMicroseconds median time that one call keeps the calling thread
   * @param latencyMicroseconds median time from the call to the end of its work, one at a time
   * @param launches kernels of this project's that one call launches
   * @param transforms cuFFT's transforms that one call enqueues, each some kernels
   * @param graphMilliseconds time of the same work as a recorded graph, hence with no gaps between
   *     its launches; NaN if it was not recorded
   */
  record Timing(
      double milliseconds,
      double low,
      double high,
      int samples,
      double enqueueMicroseconds,
      double latencyMicroseconds,
      long launches,
      long transforms,
      double graphMilliseconds) {
    /** The same, of work that was counted where it was recorded. */
    Timing ofRecorded(long newLaunches, long newTransforms) {
      return new Timing(
          milliseconds,
          low,
          high,
          samples,
          enqueueMicroseconds,
          latencyMicroseconds,
          newLaunches,
          newTransforms,
          graphMilliseconds);
    }
  }

  /**
   * Measures {@code work}, and the same work recorded as a graph.
   *
   * @param sets how many sets of buffers there are
   * @param seconds how long to measure, about; warming up takes longer where calls are short
   */
  Timing time(Work work, int sets, double seconds) {
    return time(work, sets, seconds, true);
  }

  /** Measures {@code work} that is not recorded, since it is a graph or does what no graph can. */
  Timing timeAsItIs(Work work, int sets, double seconds) {
    return time(work, sets, seconds, false);
  }

  private Timing time(Work work, int sets, double seconds, boolean recordable) {
    for (int i = 0; i < Math.max(2, sets); i++) {
      work.enqueue(engine, i % sets);
    }
    WorkStream stream = ((EngineStream) engine.stream()).work();
    long launches = stream.launches();
    long transforms = stream.plans().executions();
    double first = sample(work, 1, sets)[0];
    launches = stream.launches() - launches;
    transforms = stream.plans().executions() - transforms;
    long most =
        Math.clamp(
            MOST_LAUNCHES / Math.max(1, launches + LAUNCHES_OF_TRANSFORM * transforms),
            1,
            MOST_CALLS);
    double once = warmUp(work, sets, first, seconds, most);
    int calls = (int) Math.clamp(Math.ceil(SAMPLE_MILLISECONDS / once), 1, most);
    calls = calls <= 1 ? 1 : (calls + sets - 1) / sets * sets;
    int samples = (int) Math.clamp(1000 * seconds / (calls * once), LEAST_SAMPLES, MOST_SAMPLES);
    double[] device = new double[samples];
    double[] host = new double[samples];
    for (int i = 0; i < samples; i++) {
      double[] one = sample(work, calls, sets);
      device[i] = one[0];
      host[i] = one[1];
    }
    Arrays.sort(device);
    Arrays.sort(host);
    double median = device[samples / 2];
    return new Timing(
        median,
        device[0],
        device[samples - 1],
        samples,
        1000 * host[samples / 2],
        latency(work, sets, median),
        launches,
        transforms,
        recordable && median <= GRAPH_MILLISECONDS ? graph(work, sets, calls) : Double.NaN);
  }

  /**
   * Calls until the JVM has compiled what enqueues them, so far as the time allows: a type or a
   * path that comes for the first time sends it back to interpreting what was compiled.
   *
   * @param once milliseconds of the first call
   * @param most calls that are enqueued without waiting
   * @return milliseconds of one call, the least seen
   */
  private double warmUp(Work work, int sets, double once, double seconds, long most) {
    double least = once;
    long begin = System.nanoTime();
    int made = 0;
    double elapsed = 0;
    do {
      int calls = (int) Math.clamp(Math.ceil(SAMPLE_MILLISECONDS / least), 1, most);
      least = Math.min(least, sample(work, calls, sets)[0]);
      made += calls;
      elapsed = (System.nanoTime() - begin) / 1e9;
    } while (made < WARM_CALLS
        && elapsed
            < Math.min(
                MOST_WARM_SECONDS,
                seconds * (least < SHORT_MILLISECONDS ? SHORT_WARM_SHARE : WARM_SHARE)));
    return least;
  }

  /** Median microseconds of a call that is waited for. */
  private double latency(Work work, int sets, double milliseconds) {
    double[] times =
        new double
            [(int)
                Math.clamp(
                    LATENCY_MILLISECONDS / milliseconds,
                    LEAST_LATENCY_SAMPLES,
                    MOST_LATENCY_SAMPLES)];
    for (int i = 0; i < times.length; i++) {
      long begin = System.nanoTime();
      work.enqueue(engine, i % sets);
      driver.eventRecord(end, engine.stream().handle());
      driver.eventSynchronize(end);
      times[i] = (System.nanoTime() - begin) / 1e3;
    }
    Arrays.sort(times);
    return times[times.length / 2];
  }

  private double graph(Work work, int sets, int calls) {
    CudaGraph graph;
    try {
      graph =
          engine.record(
              on -> {
                for (int set = 0; set < sets; set++) {
                  work.enqueue(on, set);
                }
              });
    } catch (FourierException e) {
      System.err.println("not recorded as a graph: " + e.getMessage());
      return Double.NaN;
    }
    try (graph) {
      int launches = Math.max(1, calls / sets);
      Work replay = (_, _) -> graph.launch();
      sample(replay, launches, 1);
      List<Double> times = new ArrayList<>();
      for (int i = 0; i < 7; i++) {
        times.add(sample(replay, launches, 1)[0] / sets);
      }
      times.sort(null);
      return times.get(3);
    }
  }

  /** Milliseconds of one call, on the device and on the calling thread. */
  private double[] sample(Work work, int calls, int sets) {
    long stream = engine.stream().handle();
    driver.eventRecord(start, stream);
    long begin = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      work.enqueue(engine, i % sets);
    }
    long enqueued = System.nanoTime() - begin;
    driver.eventRecord(end, stream);
    driver.eventSynchronize(end);
    double elapsed = Math.max(driver.eventElapsedTime(start, end), 1e-4);
    return new double[] {elapsed / calls, enqueued / 1e6 / calls};
  }

  /**
   * Whether steps are enqueued without waiting for the device: what they kept the calling thread,
   * against what they took.
   */
  String waiting(Work work, int steps) {
    work.enqueue(engine, 0);
    engine.synchronize();
    double[] one = sample(work, steps, 1);
    return String.format(
        Locale.ROOT,
        "%d steps: the calling thread was free after %.3f ms, the device done after %.3f ms",
        steps,
        steps * one[1],
        steps * one[0]);
  }

  @Override
  public void close() {
    driver.eventDestroy(start);
    driver.eventDestroy(end);
    driver.ctxPopCurrent();
  }
}
