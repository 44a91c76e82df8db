package io.fourierft.benchmarks;

import io.fourierft.benchmarks.Contestant.Role;
import io.fourierft.benchmarks.Outcome.Timing;
import io.fourierft.benchmarks.SectionReport.Table;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** Lays outcomes out: the median of every contestant, then peer/ours of every pair. */
final class RatioTable {
  private RatioTable() {}

  static Table of(String caption, List<Outcome> outcomes) {
    return of(caption, outcomes, List.of(), outcome -> List.of());
  }

  /** The same with columns of the section's own behind. */
  static Table of(
      String caption,
      List<Outcome> outcomes,
      List<String> furtherColumns,
      Function<Outcome, List<String>> further) {
    Set<String> ours = names(outcomes, Role.OURS);
    Set<String> peers = names(outcomes, Role.PEER);
    List<String> columns = new ArrayList<>(List.of("workload"));
    columns.addAll(peers);
    columns.addAll(ours);
    peers.forEach(peer -> ours.forEach(own -> columns.add(peer + " / " + own)));
    columns.add("difference");
    columns.addAll(furtherColumns);
    List<List<String>> rows = new ArrayList<>();
    for (Outcome outcome : outcomes) {
      List<String> row = new ArrayList<>(List.of(outcome.workload()));
      peers.forEach(peer -> row.add(median(outcome, peer)));
      ours.forEach(own -> row.add(median(outcome, own)));
      peers.forEach(peer -> ours.forEach(own -> row.add(ratio(outcome, peer, own))));
      row.add(Double.isNaN(outcome.difference()) ? "" : "%.1e".formatted(outcome.difference()));
      row.addAll(further.apply(outcome));
      rows.add(row);
    }
    return new Table(caption, columns, rows);
  }

  static String median(Outcome outcome, String contestant) {
    return outcome.of(contestant).map(t -> Text.time(t.median())).orElse("");
  }

  private static String ratio(Outcome outcome, String peer, String own) {
    return outcome
        .of(peer)
        .flatMap(
            slow ->
                outcome.of(own).map(fast -> Text.ratio(Spread.ofRatio(slow.nanos(), fast.nanos()))))
        .orElse("");
  }

  private static Set<String> names(List<Outcome> outcomes, Role role) {
    Set<String> names = new LinkedHashSet<>();
    for (Outcome outcome : outcomes) {
      outcome.timings().stream()
          .filter(timing -> timing.role() == role)
          .map(Timing::contestant)
          .forEach(names::add);
    }
    return names;
  }
}
