package io.fourierft.benchmarks;

import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import java.util.ArrayList;
import java.util.List;

/** ΔW of one adapter, n = 1000, at the widths of models and at odd and prime ones. */
final class DeltaSection implements Section {
  static final int N_FREQUENCY = 1000;

  private static final int[][] QUICK = {
    {768, 768}, {1024, 1024}, {3072, 768}, {4096, 4096}, {11008, 4096}, {1155, 1155}, {1009, 1009}
  };
  private static final int[][] FURTHER = {
    {14336, 4096},
    {1152, 1152},
    {2304, 2304},
    {2560, 2560},
    {3072, 3072},
    {5120, 5120},
    {13824, 5120},
    {18944, 3584},
    {151936, 256},
    {999, 1001},
    {4093, 4093}
  };

  private final Machine machine;

  DeltaSection(Machine machine) {
    this.machine = machine;
  }

  @Override
  public String name() {
    return "delta";
  }

  @Override
  public SectionReport run(Participants participants, RunOptions options) {
    SectionReport report = new SectionReport(name(), "ΔW");
    Contest contest = Contest.of(options);
    List<int[]> shapes = new ArrayList<>(List.of(QUICK));
    if (!options.quick()) {
      shapes.addAll(List.of(FURTHER));
    }
    for (int[] shape : shapes) {
      Workload workload = Workload.delta(shape[0], shape[1], N_FREQUENCY);
      HostMatrix out = newDelta(workload);
      report.add(
          contest.run(
              workload.shape(),
              participants.all(
                  workload, LibTorch::delta, "delta", engine -> engine.delta(workload, out))));
    }
    List<String> shares = new ArrayList<>();
    participants.engines().forEach(engine -> shares.add("copy bandwidth, " + engine.name()));
    report.add(
        RatioTable.of(
            "Time of one ΔW with n = 1000, and peer / ours (lower to upper quartile). Copy bandwidth:"
                + " bytes of the finished ΔW a second, as a share of what a plain copy moves.",
            report.outcomes(),
            shares,
            outcome -> {
              List<String> cells = new ArrayList<>();
              for (EngineWork engine : participants.engines()) {
                cells.add(
                    outcome
                        .of(engine.name())
                        .map(t -> Text.percent(share(outcome.workload(), t.median())))
                        .orElse(""));
              }
              return cells;
            }));
    return report;
  }

  static HostMatrix newDelta(Workload workload) {
    return Matrix.of(
        new float[Math.multiplyExact(workload.rows(), workload.cols())],
        workload.rows(),
        workload.cols());
  }

  private double share(String shape, double nanos) {
    String[] sides = shape.split("×", -1);
    double bytes = 4.0 * Integer.parseInt(sides[0]) * Integer.parseInt(sides[1]);
    return bytes / nanos / machine.copyBytesPerNano();
  }
}
