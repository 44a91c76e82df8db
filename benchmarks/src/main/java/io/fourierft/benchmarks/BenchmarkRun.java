package io.fourierft.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Runs the whole table in this JVM; {@code run.sh} starts it. */
public final class BenchmarkRun {
  private static final List<String> SECTIONS =
      List.of("delta", "operator", "batch", "training", "curves", "cost", "fftw");

  private BenchmarkRun() {}

  /** See {@code benchmarks/README.md} for the options. */
  public static void main(String[] arguments) throws IOException {
    RunOptions options;
    try {
      options = RunOptions.parse(SECTIONS, Home.folder().resolve("results"), arguments);
    } catch (IllegalArgumentException e) {
      System.err.println("benchmarks: " + e.getMessage());
      System.exit(2);
      return;
    }
    // libtorch's pools read these when they start.
    System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(options.threads()));
    System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
    long start = System.nanoTime();
    Machine machine = Machine.inspect(options);
    machine.facts().forEach((name, value) -> System.err.println(name + ": " + value));
    List<Section> sections =
        List.of(
            new DeltaSection(machine),
            new OperatorSection(),
            new BatchSection(),
            new TrainingSection(),
            new CurveSection(),
            new CostModelSection(),
            new FftwSection());
    try (Participants participants = Participants.gather(options.threads())) {
      participants.present().forEach(System.err::println);
      participants.leftOut().forEach(line -> System.err.println("left out: " + line));
      participants.warmUp(options.quick() ? 1_500_000_000L : 5_000_000_000L);
      List<SectionReport> reports = new ArrayList<>();
      ReportWriter writer = new ReportWriter(machine, participants, reports);
      for (Section section : sections) {
        if (options.wants(section.name())) {
          System.err.println(section.name());
          reports.add(section.run(participants, options));
          // Written after each section, so that a run that is broken off leaves what it has.
          writer.write(options.results());
        }
      }
      System.out.print(writer.markdown());
    }
    System.err.println(
        "finished in %s; report in %s"
            .formatted(Text.time(System.nanoTime() - start), options.results()));
  }
}
