package io.fourierft.benchmarks;

import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import io.fourierft.TokenSpectrum;
import io.fourierft.benchmarks.Contestant.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** FFTW as the yardstick: its transforms alone, without scatter, scale or layout. */
final class FftwSection implements Section {
  private static final String NAME = "FFTW";
  private static final int BATCH = 64;

  @Override
  public String name() {
    return "fftw";
  }

  @Override
  public SectionReport run(Participants participants, RunOptions options) {
    SectionReport report = new SectionReport(name(), "FFTW as the yardstick");
    try (Fftw fftw = Fftw.open(options.threads())) {
      participants.present().add(NAME + ": libfftw3f 3, measured plans");
      deltas(report, fftw, participants, options);
    } catch (IllegalArgumentException e) {
      participants.leftOut().add(NAME + ": " + e.getMessage());
      return report;
    }
    List<EngineWork> engines = participants.open(1);
    try (Fftw fftw = Fftw.open(1)) {
      lengths(report, fftw, engines, options);
    } finally {
      engines.forEach(engine -> engine.engine().close());
    }
    return report;
  }

  private static void deltas(
      SectionReport report, Fftw fftw, Participants participants, RunOptions options) {
    int[][] shapes =
        options.quick()
            ? new int[][] {{768, 768}, {1024, 1024}}
            : new int[][] {{768, 768}, {1024, 1024}, {3072, 768}, {4096, 4096}, {11008, 4096}};
    List<Outcome> outcomes = new ArrayList<>();
    for (int[] shape : shapes) {
      Workload workload = Workload.delta(shape[0], shape[1], DeltaSection.N_FREQUENCY);
      HostMatrix out = DeltaSection.newDelta(workload);
      List<Contestant> contestants = new ArrayList<>();
      contestants.add(
          new Transforms(
              List.of(
                  fftw.complex(workload.rows(), columns(workload)),
                  fftw.complexToReal(workload.cols(), workload.rows()))));
      participants.engines().forEach(engine -> contestants.add(engine.delta(workload, out)));
      outcomes.add(report.add(contest(options).run("ΔW " + workload.shape(), contestants)));
    }
    report.add(
        RatioTable.of(
            "The transforms of a pruned ΔW by FFTW (C2C of the columns that hold a coefficient, C2R"
                + " of every row, nothing else) and our whole ΔW, n = 1000.",
            outcomes));
  }

  private static void lengths(
      SectionReport report, Fftw fftw, List<EngineWork> engines, RunOptions options) {
    int[] lengths =
        options.quick()
            ? new int[] {768, 1024, 4096}
            : new int[] {
              768, 1009, 1024, 1152, 1155, 2304, 2560, 3072, 4096, 5120, 11008, 13824, 14336, 18944
            };
    List<Outcome> outcomes = new ArrayList<>();
    for (int length : lengths) {
      List<Contestant> contestants = new ArrayList<>();
      contestants.add(new Transforms(List.of(fftw.realToComplex(length, BATCH))));
      Workload workload = new Workload(1, length, 1, BATCH);
      engines.forEach(engine -> contestants.add(transform(engine, workload)));
      outcomes.add(report.add(contest(options).run("R2C of " + length, contestants)));
    }
    report.add(
        RatioTable.of("64 real transforms (R2C) of a length, one thread on each side.", outcomes));
  }

  private static Contest contest(RunOptions options) {
    return options.quick()
        ? new Contest(
            5, new WarmUp(100_000_000L, 400_000_000L, 2_000_000_000L), 4_000_000L, 1_000_000_000L)
        : Contest.of(options);
  }

  /** Columns that a pruned ΔW transforms: those of the folded half that hold a coefficient. */
  private static int columns(Workload workload) {
    SpectralLocations places = workload.adapter().locations();
    int cols = workload.cols();
    return (int)
        IntStream.range(0, places.nFrequency())
            .map(k -> Math.min(places.col(k), (cols - places.col(k)) % cols))
            .distinct()
            .count();
  }

  private static Contestant transform(EngineWork work, Workload workload) {
    HostMatrix x = Matrix.of(workload.activations(), workload.tokens(), workload.cols());
    TokenSpectrum into = work.engine().newTokenSpectrum(workload.tokens(), workload.cols());
    return new Contestant.Local(
        work.name(), Role.OURS, () -> work.engine().transform(x, into), List::of);
  }

  /** Plans run one after the other. */
  private record Transforms(List<Fftw.Plan> plans) implements Contestant {
    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Role role() {
      return Role.PEER;
    }

    @Override
    public double sampleNanos(int repetitions) {
      return Contestant.nanosOfOne(repetitions, () -> plans.forEach(Fftw.Plan::run));
    }

    @Override
    public List<float[]> output() {
      return List.of();
    }

    @Override
    public void close() {
      plans.forEach(Fftw.Plan::close);
    }
  }
}
