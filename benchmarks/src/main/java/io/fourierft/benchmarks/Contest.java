package io.fourierft.benchmarks;

import java.util.ArrayList;
import java.util.List;

/**
 * Times several contestants on one workload: each runs once and its result compared with the first
 * one's, each is warmed up, then rounds follow in which each gives one sample, the order turned by
 * one from round to round.
 *
 * @param rounds samples of each contestant
 * @param warmUp what each contestant runs before
 * @param sampleNanos least length of a sample; shorter work is repeated
 * @param longestNanos most time for all rounds of one contest; rounds are cut, not below three
 */
record Contest(int rounds, WarmUp warmUp, long sampleNanos, long longestNanos) {
  /** Float32 results of different algorithms agree to some 1e-6. */
  private static final double TOLERANCE = 1e-5;

  /** libtorch's workers spin for some milliseconds after their work, and must not disturb. */
  private static final long PAUSE_MILLIS = 5;

  static Contest of(RunOptions options) {
    return options.quick()
        ? new Contest(
            5, new WarmUp(500_000_000L, 1_500_000_000L, 6_000_000_000L), 4_000_000L, 3_000_000_000L)
        : new Contest(
            15,
            new WarmUp(750_000_000L, 2_000_000_000L, 10_000_000_000L),
            20_000_000L,
            30_000_000_000L);
  }

  /** Runs the contest and closes the contestants. */
  Outcome run(String workload, List<? extends Contestant> contestants) {
    try {
      double difference = verify(workload, contestants);
      int[] repetitions = new int[contestants.size()];
      double roundNanos = 0;
      for (int i = 0; i < repetitions.length; i++) {
        double one = warmUp.run(contestants.get(i));
        repetitions[i] = (int) Math.clamp(Math.ceil(sampleNanos / one), 1, 1_000_000);
        roundNanos += one * repetitions[i];
      }
      int affordable = (int) Math.clamp(longestNanos / roundNanos, 3, rounds);
      double[][] nanos = new double[contestants.size()][affordable];
      for (int round = 0; round < affordable; round++) {
        for (int turn = 0; turn < contestants.size(); turn++) {
          int who = (round + turn) % contestants.size();
          pause();
          nanos[who][round] = contestants.get(who).sampleNanos(repetitions[who]);
        }
      }
      List<Outcome.Timing> timings = new ArrayList<>();
      for (int i = 0; i < nanos.length; i++) {
        Contestant one = contestants.get(i);
        timings.add(new Outcome.Timing(one.name(), one.role(), nanos[i], repetitions[i]));
      }
      Outcome outcome = new Outcome(workload, timings, difference);
      System.err.println("  " + describe(outcome));
      return outcome;
    } finally {
      contestants.forEach(Contestant::close);
    }
  }

  private static double verify(String workload, List<? extends Contestant> contestants) {
    double largest = Double.NaN;
    List<float[]> expected = List.of();
    String author = "";
    for (Contestant contestant : contestants) {
      List<float[]> output = contestant.output();
      if (output.isEmpty()) {
        continue;
      }
      if (expected.isEmpty()) {
        expected = output;
        author = contestant.name();
        continue;
      }
      if (output.size() != expected.size()) {
        throw new IllegalStateException(
            "%s: %s has %d results, %s has %d"
                .formatted(workload, contestant.name(), output.size(), author, expected.size()));
      }
      for (int part = 0; part < output.size(); part++) {
        double difference = SampledPlaces.relativeDifference(output.get(part), expected.get(part));
        if (!(difference <= TOLERANCE)) {
          throw new IllegalStateException(
              "%s: result %d of %s differs from that of %s by %.3g, more than %.0e"
                  .formatted(workload, part + 1, contestant.name(), author, difference, TOLERANCE));
        }
        largest = Double.isNaN(largest) ? difference : Math.max(largest, difference);
      }
    }
    return largest;
  }

  private static String describe(Outcome outcome) {
    StringBuilder text = new StringBuilder(outcome.workload()).append(':');
    for (Outcome.Timing timing : outcome.timings()) {
      text.append("  ").append(timing.contestant()).append(' ').append(Text.time(timing.median()));
    }
    return text.toString();
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted between two samples", e);
    }
  }
}
