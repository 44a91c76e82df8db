package io.fourierft.benchmarks;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.SpectralLocations;
import io.fourierft.benchmarks.SectionReport.Table;
import java.util.ArrayList;
import java.util.List;

/** Many adapters on one layer, one thread, and what a call allocates. */
final class BatchSection implements Section {
  private static final int TOKENS = 512;

  @Override
  public String name() {
    return "batch";
  }

  @Override
  public SectionReport run(Participants participants, RunOptions options) {
    SectionReport report =
        new SectionReport(name(), "Mixed batches, one thread, allocation; 4096×4096, n = 1000");
    mixed(report, participants, options);
    oneThread(report, participants, options);
    allocation(report, participants);
    return report;
  }

  private static void mixed(SectionReport report, Participants participants, RunOptions options) {
    Workload workload = OperatorSection.workload(TOKENS);
    List<List<String>> rows = new ArrayList<>();
    for (EngineWork engine : participants.engines()) {
      List<Contestant> contestants = new ArrayList<>();
      for (int adapters : new int[] {1, 16, 256}) {
        AdapterRouting routing =
            adapters == 1
                ? AdapterRouting.all(workload.adapter())
                : mixed(workload, adapters, false);
        contestants.add(withoutOutput(engine.apply(workload, routing, adapters + " adapters")));
      }
      contestants.add(
          withoutOutput(
              engine.apply(workload, mixed(workload, 256, true), "256 adapters, same places")));
      Outcome outcome =
          report.add(
              Contest.of(options).run("mixed batch, T = 512, " + engine.name(), contestants));
      Outcome.Timing one = outcome.timings().getFirst();
      List<String> row = new ArrayList<>(List.of(engine.name()));
      outcome.timings().forEach(timing -> row.add(Text.time(timing.median())));
      outcome.timings().stream()
          .skip(1)
          .map(timing -> Text.ratio(Spread.ofRatio(timing.nanos(), one.nanos())))
          .forEach(row::add);
      rows.add(row);
    }
    report.add(
        new Table(
            "512 tokens that each name one of 1, 16 or 256 adapters, and the time against that of"
                + " one adapter. Adapters have places of their own; same places: those of one seed,"
                + " as PEFT's have.",
            List.of(
                "kernels",
                "1",
                "16",
                "256",
                "256, same places",
                "16 / 1",
                "256 / 1",
                "256, same places / 1"),
            rows));
  }

  private static AdapterRouting mixed(Workload workload, int count, boolean samePlaces) {
    List<FourierAdapter> adapters = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      SpectralLocations places =
          samePlaces
              ? workload.adapter().locations()
              : SpectralLocations.of(workload.rows(), workload.cols(), workload.n(), i);
      adapters.add(FourierAdapter.of(places, workload.spectrum(), Workload.SCALING));
    }
    int[] choice = new int[workload.tokens()];
    for (int t = 0; t < choice.length; t++) {
      choice[t] = t % count;
    }
    return AdapterRouting.perToken(adapters, choice);
  }

  /** Batches of different adapters have different results, which nothing here compares. */
  private static Contestant withoutOutput(Contestant contestant) {
    Contestant.Local local = (Contestant.Local) contestant;
    return new Contestant.Local(local.name(), local.role(), local.work(), List::of);
  }

  private static void oneThread(
      SectionReport report, Participants participants, RunOptions options) {
    List<List<String>> rows = new ArrayList<>();
    List<EngineWork> engines = participants.open(1);
    try {
      for (Workload workload :
          List.of(
              OperatorSection.workload(1),
              OperatorSection.workload(64),
              OperatorSection.workload(TOKENS),
              OperatorSection.PRIME)) {
        int tokens = workload.tokens();
        List<Contestant> contestants = new ArrayList<>();
        engines.forEach(engine -> contestants.add(engine.apply(workload)));
        Outcome outcome =
            report.add(
                Contest.of(options)
                    .run(
                        "one thread, %s, T = %d".formatted(workload.shape(), tokens), contestants));
        for (Outcome.Timing timing : outcome.timings()) {
          Spread spread = timing.spread();
          rows.add(
              List.of(
                  timing.contestant(),
                  workload.shape(),
                  Integer.toString(tokens),
                  Text.number(spread.median() / tokens / 1e3),
                  Text.number(spread.lowerQuartile() / tokens / 1e3),
                  Text.number(spread.upperQuartile() / tokens / 1e3)));
        }
      }
    } finally {
      engines.forEach(engine -> engine.engine().close());
    }
    report.add(
        new Table(
            "Spectral operator on one thread, microseconds a token",
            List.of("kernels", "layer", "T", "median", "lower quartile", "upper quartile"),
            rows));
  }

  private static void allocation(SectionReport report, Participants participants) {
    Workload workload = OperatorSection.workload(64);
    Workload delta = Workload.delta(1024, 1024, DeltaSection.N_FREQUENCY);
    List<List<String>> rows = new ArrayList<>();
    for (EngineWork engine : participants.engines()) {
      for (Allocation.Operation operation :
          List.of(
              new Allocation.Operation(
                  "ΔW 1024×1024", engine.delta(delta, DeltaSection.newDelta(delta))),
              new Allocation.Operation("adapter, T = 64", engine.apply(workload)),
              new Allocation.Operation(
                  "adapter, T = 64, forward and backward", engine.forwardBackward(workload)))) {
        rows.add(
            List.of(
                engine.name(),
                operation.name(),
                Text.number(Allocation.bytesPerCall(operation.contestant()))));
      }
    }
    report.add(
        new Table(
            "Bytes of Java heap that a call allocates in steady state, all threads together",
            List.of("kernels", "call", "bytes"),
            rows));
  }
}
