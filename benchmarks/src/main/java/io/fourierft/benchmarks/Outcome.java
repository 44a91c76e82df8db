package io.fourierft.benchmarks;

import io.fourierft.benchmarks.Contestant.Role;
import java.util.List;
import java.util.Optional;

/**
 * What a contest gave.
 *
 * @param workload in words, unique in its section
 * @param timings one for each contestant, all of as many rounds
 * @param difference the largest relative difference of a result from the first contestant's; NaN if
 *     nothing was compared
 */
record Outcome(String workload, List<Timing> timings, double difference) {
  Optional<Timing> of(String contestant) {
    return timings.stream().filter(t -> t.contestant().equals(contestant)).findFirst();
  }

  /**
   * Samples of one contestant.
   *
   * @param nanos of one call, by round
   * @param repetitions calls in each sample
   */
  record Timing(String contestant, Role role, double[] nanos, int repetitions) {
    Spread spread() {
      return Spread.of(nanos);
    }

    double median() {
      return spread().median();
    }
  }
}
