package io.fourierft.benchmarks;

import java.util.List;
import java.util.function.Supplier;

/** One implementation of a workload, ready to be timed. */
interface Contestant extends AutoCloseable {
  /** Its column in the tables. */
  String name();

  /** Which side of a ratio it stands on. */
  Role role();

  /** Does the work {@code repetitions} times and returns the nanoseconds of one. */
  double sampleNanos(int repetitions);

  /**
   * Computes once and returns each result, at the places of {@link SampledPlaces}; empty if it
   * computes something that nobody else does.
   */
  List<float[]> output();

  @Override
  void close();

  /** Does {@code work} so often, one after the other, and returns the nanoseconds of one. */
  static double nanosOfOne(int repetitions, Runnable work) {
    long start = System.nanoTime();
    for (int i = 0; i < repetitions; i++) {
      work.run();
    }
    return (System.nanoTime() - start) / (double) repetitions;
  }

  /** Sides of a ratio. */
  enum Role {
    /** An engine of this project. */
    OURS,
    /** What it is compared with. */
    PEER
  }

  /** Work of this process. */
  record Local(String name, Role role, Runnable work, Supplier<List<float[]>> outputSupplier)
      implements Contestant {
    @Override
    public double sampleNanos(int repetitions) {
      return nanosOfOne(repetitions, work);
    }

    @Override
    public List<float[]> output() {
      return outputSupplier.get();
    }

    @Override
    public void close() {}
  }
}
