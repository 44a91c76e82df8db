package io.fourierft.benchmarks;

import io.fourierft.AdapterPath;
import io.fourierft.AdapterRouting;
import io.fourierft.HostMatrix;
import io.fourierft.benchmarks.SectionReport.Plot;
import io.fourierft.benchmarks.SectionReport.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** Time against n, size, threads and tokens. */
final class CurveSection implements Section {
  private static final long DELTA_CACHE_BYTES = 1L << 30;

  @Override
  public String name() {
    return "curves";
  }

  @Override
  public SectionReport run(Participants participants, RunOptions options) {
    SectionReport report = new SectionReport(name(), "Scaling");
    Contest contest = Contest.of(options);
    size(report, participants, contest, options);
    frequencies(report, participants, contest, options);
    threads(report, participants, contest, options);
    tokens(report, participants, contest, options);
    return report;
  }

  private static void size(
      SectionReport report, Participants participants, Contest contest, RunOptions options) {
    // Not 2048: there MKL's two-dimensional transform is wrong (pytorch/pytorch issue 169670).
    int[] sides =
        options.quick()
            ? new int[] {256, 1024, 2304}
            : new int[] {128, 256, 512, 1024, 2304, 4096, 8192};
    Curve curve = new Curve("delta-by-size", "ΔW, n = 1000, by size", "rows = cols");
    for (int side : sides) {
      Workload workload = Workload.delta(side, side, DeltaSection.N_FREQUENCY);
      HostMatrix out = DeltaSection.newDelta(workload);
      curve.add(
          side,
          contest.run(
              "by size, " + side,
              participants.all(
                  workload, LibTorch::delta, "delta", engine -> engine.delta(workload, out))));
    }
    curve.report(report);
  }

  private static void frequencies(
      SectionReport report, Participants participants, Contest contest, RunOptions options) {
    int[] counts =
        options.quick()
            ? new int[] {1, 100, 10_000}
            : new int[] {1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 100_000};
    int side = options.quick() ? 1024 : OperatorSection.SIDE;
    Curve deltas = new Curve("delta-by-n", "ΔW, %d×%d, by n".formatted(side, side), "n");
    Curve operator =
        new Curve("operator-by-n", "adapter, %d×%d, T = 64, by n".formatted(side, side), "n");
    for (int n : counts) {
      Workload workload = new Workload(side, side, n, 64);
      HostMatrix out = DeltaSection.newDelta(workload);
      deltas.add(
          n,
          contest.run(
              "ΔW by n, " + n,
              participants.all(
                  workload, LibTorch::delta, "delta", engine -> engine.delta(workload, out))));
      List<Contestant> ours = new ArrayList<>();
      participants.engines().forEach(engine -> ours.add(engine.apply(workload)));
      operator.add(n, contest.run("adapter by n, " + n, ours));
    }
    deltas.report(report);
    operator.report(report);
  }

  private static void threads(
      SectionReport report, Participants participants, Contest contest, RunOptions options) {
    int cores = Runtime.getRuntime().availableProcessors();
    int side = options.quick() ? 1024 : OperatorSection.SIDE;
    Workload workload = new Workload(side, side, DeltaSection.N_FREQUENCY, 64);
    HostMatrix out = DeltaSection.newDelta(workload);
    Curve deltas =
        new Curve("delta-by-threads", "ΔW, %d×%d, by threads".formatted(side, side), "threads");
    Curve operator =
        new Curve(
            "operator-by-threads",
            "adapter, %d×%d, T = 64, by threads".formatted(side, side),
            "threads");
    for (int threads = 1; threads <= cores; threads = next(threads, cores)) {
      List<EngineWork> engines = participants.open(threads);
      int used = threads;
      participants.libTorch().ifPresent(torch -> torch.setThreads(used));
      try {
        List<Contestant> delta = new ArrayList<>();
        participants.libTorch().ifPresent(torch -> delta.add(torch.delta(workload)));
        engines.forEach(engine -> delta.add(engine.delta(workload, out)));
        deltas.add(threads, contest.run("ΔW by threads, " + threads, delta));
        List<Contestant> apply = new ArrayList<>();
        engines.forEach(engine -> apply.add(engine.apply(workload)));
        operator.add(threads, contest.run("adapter by threads, " + threads, apply));
      } finally {
        engines.forEach(engine -> engine.engine().close());
        participants.libTorch().ifPresent(torch -> torch.setThreads(options.threads()));
      }
    }
    deltas.report(report);
    operator.report(report);
  }

  /** Doubles, and ends with all cores, then beyond. */
  private static int next(int threads, int cores) {
    return threads < cores ? Math.min(2 * threads, cores) : cores + 1;
  }

  private static void tokens(
      SectionReport report, Participants participants, Contest contest, RunOptions options) {
    int side = options.quick() ? 1024 : OperatorSection.SIDE;
    int[] counts =
        options.quick() ? new int[] {1, 16, 128} : new int[] {1, 4, 16, 64, 256, 512, 1024};
    Curve curve =
        new Curve(
            "layer-by-tokens", "%d×%d, n = 1000, by tokens".formatted(side, side), "tokens (T)");
    float[] weight = new Workload(side, side, 1, 0).weight();
    for (int tokens : counts) {
      Workload workload = new Workload(side, side, DeltaSection.N_FREQUENCY, tokens);
      for (EngineWork engine : participants.engines()) {
        String kernels = engine.name();
        LayerWork layer = new LayerWork(engine, workload, weight, options.threads());
        List<Contestant> alone =
            List.of(
                engine.apply(
                    workload,
                    AdapterRouting.all(workload.adapter()),
                    kernels + ", adapter alone, spectral"));
        curve.add(
            tokens, contest.run("by tokens, alone, %s, %d".formatted(kernels, tokens), alone));
        List<Contestant> whole =
            List.of(
                layer.forward(kernels + ", layer, spectral", AdapterPath.SPECTRAL, 0),
                layer.forward(kernels + ", layer, ΔW built", AdapterPath.DENSE, 0),
                layer.forward(
                    kernels + ", layer, ΔW cached", AdapterPath.DENSE, DELTA_CACHE_BYTES));
        curve.add(
            tokens, contest.run("by tokens, layer, %s, %d".formatted(kernels, tokens), whole));
      }
      List<Contestant> peers = new ArrayList<>();
      participants.libTorch().ifPresent(torch -> peers.add(torch.adapterForward(workload)));
      if (!peers.isEmpty()) {
        curve.add(tokens, contest.run("by tokens, peer, " + tokens, peers));
      }
    }
    curve.report(report);
  }

  /** Outcomes along one axis. */
  private static final class Curve {
    private final String file;
    private final String title;
    private final String axis;
    private final List<Outcome> outcomes = new ArrayList<>();
    private final SequencedMap<String, List<double[]>> curves = new LinkedHashMap<>();

    Curve(String file, String title, String axis) {
      this.file = file;
      this.title = title;
      this.axis = axis;
    }

    void add(int at, Outcome outcome) {
      outcomes.add(outcome);
      for (Outcome.Timing timing : outcome.timings()) {
        curves
            .computeIfAbsent(timing.contestant(), name -> new ArrayList<>())
            .add(new double[] {at, timing.median() / 1e6});
      }
    }

    void report(SectionReport report) {
      outcomes.forEach(report::add);
      List<List<String>> rows = new ArrayList<>();
      curves.forEach(
          (name, points) ->
              points.forEach(
                  point ->
                      rows.add(
                          List.of(
                              name, Integer.toString((int) point[0]), Text.time(point[1] * 1e6)))));
      report.add(new Table(title, List.of("contestant", axis, "median"), rows));
      report.add(new Plot(file, title, axis, "milliseconds", curves));
    }
  }
}
