package io.fourierft.benchmarks;

import io.fourierft.AdapterPath;
import io.fourierft.AdapterRouting;
import io.fourierft.CostModel;
import io.fourierft.HostMatrix;
import io.fourierft.benchmarks.SectionReport.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;

/** Whether the cost model's choice is ever slower than the other path by more than 1.5 times. */
final class CostModelSection implements Section {
  private static final double ALLOWED = 1.5;

  @Override
  public String name() {
    return "cost";
  }

  @Override
  public SectionReport run(Participants participants, RunOptions options) {
    SectionReport report = new SectionReport(name(), "Cost model");
    int[][] shapes =
        options.quick()
            ? new int[][] {{64, 64}, {256, 1024}, {1009, 768}}
            : new int[][] {
              {64, 64}, {256, 1024}, {768, 768}, {1009, 768}, {3072, 768}, {4096, 4096}
            };
    int[] counts = {10, 1000};
    int[] batches = options.quick() ? new int[] {1, 64} : new int[] {1, 8, 64, 512};
    List<List<String>> rows = new ArrayList<>();
    SequencedMap<String, Double> worst = new LinkedHashMap<>();
    for (EngineWork engine : participants.engines()) {
      SequencedMap<String, CostModel> models = new LinkedHashMap<>();
      models.put("measured", CostModel.measure(engine.engine(), options.threads()));
      models.put("defaults", engine.engine().costModel());
      for (int[] shape : shapes) {
        for (int n : counts) {
          for (int tokens : batches) {
            Workload workload = new Workload(shape[0], shape[1], n, tokens);
            Cell cell = Cell.measure(report, engine, workload, options);
            models.forEach((name, model) -> rows.add(cell.judge(name, model, worst)));
          }
        }
      }
    }
    List<List<String>> verdict = new ArrayList<>();
    worst.forEach(
        (name, slowdown) ->
            verdict.add(
                List.of(name, Text.number(slowdown), slowdown <= ALLOWED ? "kept" : "not kept")));
    report.add(
        new Table(
            "Worst case of the choice, time / that of the other path; at most 1.5 is wanted",
            List.of("kernels, figures, ΔW", "worst", "bound"),
            verdict));
    report.add(
        new Table(
            "The grid. Dense: ΔW built by the engine, then a product of the layer's own code.",
            List.of(
                "kernels",
                "figures",
                "shape",
                "n",
                "T",
                "spectral",
                "ΔW",
                "product",
                "choice",
                "choice / other",
                "choice, ΔW cached",
                "choice / other"),
            rows));
    return report;
  }

  /** The measured medians of one point of the grid. */
  private record Cell(
      EngineWork engine, Workload workload, double spectral, double build, double product) {
    static Cell measure(
        SectionReport report, EngineWork engine, Workload workload, RunOptions options) {
      Contest contest =
          options.quick()
              ? new Contest(
                  5,
                  new WarmUp(50_000_000L, 200_000_000L, 1_500_000_000L),
                  1_000_000L,
                  300_000_000L)
              : new Contest(
                  9,
                  new WarmUp(100_000_000L, 400_000_000L, 3_000_000_000L),
                  5_000_000L,
                  4_000_000_000L);
      String name =
          "%s, %s, n = %d, T = %d"
              .formatted(engine.name(), workload.shape(), workload.n(), workload.tokens());
      HostMatrix out = DeltaSection.newDelta(workload);
      LayerWork layer = new LayerWork(engine, workload, workload.weight(), options.threads());
      double spectral = median(report, contest, name + ", spectral", engine.apply(workload));
      double build = median(report, contest, name + ", ΔW", engine.delta(workload, out));
      double product = median(report, contest, name + ", product", layer.base());
      return new Cell(engine, workload, spectral, build, product);
    }

    private static double median(
        SectionReport report, Contest contest, String name, Contestant contestant) {
      return report.add(contest.run(name, List.of(contestant))).timings().getFirst().median();
    }

    List<String> judge(String figures, CostModel model, SequencedMap<String, Double> worst) {
      List<String> row =
          new ArrayList<>(
              List.of(
                  engine.name(),
                  figures,
                  workload.shape(),
                  Integer.toString(workload.n()),
                  Integer.toString(workload.tokens()),
                  Text.time(spectral),
                  Text.time(build),
                  Text.time(product)));
      for (boolean cached : new boolean[] {false, true}) {
        AdapterPath choice =
            model.choose(
                AdapterRouting.all(workload.adapter()), workload.tokens(), adapter -> cached);
        double dense = cached ? product : build + product;
        double slowdown = choice == AdapterPath.DENSE ? dense / spectral : spectral / dense;
        row.add(choice.name().toLowerCase(Locale.ROOT));
        row.add(Text.number(slowdown));
        String key = "%s, %s, %s".formatted(engine.name(), figures, cached ? "cached" : "built");
        worst.merge(key, slowdown, Math::max);
      }
      return row;
    }
  }
}
