package io.fourierft.benchmarks;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * Runs a contestant until it is as fast as it will be: piece by piece, until in two pieces one
 * after the other the compiler had next to nothing to do and the medians agree.
 *
 * @param pieceNanos length of a piece
 * @param leastNanos when to stop at the earliest: a long compilation is counted when it ends
 * @param mostNanos when to go on all the same: a machine that others share never settles
 */
record WarmUp(long pieceNanos, long leastNanos, long mostNanos) {
  private static final double SAMPLE_NANOS = 1_000_000;
  private static final double AGREEMENT = 0.05;

  /** Share of a piece that the compiler may take, since it always has a little to do. */
  private static final double IDLE = 0.1;

  /** Returns the time of one call. */
  double run(Contestant contestant) {
    long start = System.nanoTime();
    double before = Double.NaN;
    int calls = 1;
    while (true) {
      long piece = System.nanoTime();
      long compiled = compilationMillis();
      double[] samples = new double[64];
      int taken = 0;
      do {
        double sample = contestant.sampleNanos(calls);
        // The last ones of a long piece are the ones that count.
        samples[taken++ % samples.length] = sample;
        calls = (int) Math.clamp(SAMPLE_NANOS / sample, 1, 1000);
      } while (System.nanoTime() - piece < pieceNanos);
      double median = Spread.of(Arrays.copyOf(samples, Math.min(taken, samples.length))).median();
      double busy = (compilationMillis() - compiled) * 1e6 / (System.nanoTime() - piece);
      boolean settled = busy < IDLE && Math.abs(median - before) <= AGREEMENT * median;
      long spent = System.nanoTime() - start;
      if ((settled && spent >= leastNanos) || spent >= mostNanos) {
        return median;
      }
      before = busy < IDLE ? median : Double.NaN;
    }
  }

  private static long compilationMillis() {
    CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
    return compiler == null ? 0 : compiler.getTotalCompilationTime();
  }
}
