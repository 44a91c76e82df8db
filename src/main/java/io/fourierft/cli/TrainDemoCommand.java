package io.fourierft.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.demo.AccuracyCurve;
import io.fourierft.demo.CurveChart;
import io.fourierft.demo.ExpressivenessExperiment;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code fourierft train-demo}: trains for real, LoRA against FourierFT. */
@Command(
    name = "train-demo",
    header = "Trains LoRA against FourierFT on a small problem; plots both.",
    mixinStandardHelpOptions = true,
    description = {
      "Two adapters with 128 numbers each learn, on a frozen 64 x 64 layer, to tell eight classes",
      "of points apart: LoRA of rank 1, and FourierFT with n = 128 (the FourierFT paper's figure",
      "7). The same seed gives the same result. Runs on the CPU."
    },
    footerHeading = Main.EXAMPLES,
    footer = {"  fourierft train-demo --epochs 200 --out target/curves.png"})
final class TrainDemoCommand implements Callable<Integer> {
  private static final int TABLE_ROWS = 10;
  private static final int MOST_SEEDS = 10_000;
  private static final int MOST_EPOCHS = 1_000_000;

  @Option(
      names = "--seed",
      defaultValue = "0",
      paramLabel = "NUMBER",
      description = "seed of points, network and adapters (default: ${DEFAULT-VALUE})")
  private long seed;

  @Option(
      names = "--seeds",
      defaultValue = "1",
      paramLabel = "COUNT",
      description = "how many seeds to run, counting up from --seed (default: ${DEFAULT-VALUE})")
  private int seeds;

  @Option(
      names = "--epochs",
      defaultValue = "2000",
      paramLabel = "COUNT",
      description = "steps of training (default: ${DEFAULT-VALUE})")
  private int epochs;

  @Option(names = "--out", paramLabel = "FILE", description = "PNG of the curves to write")
  private @Nullable Path out;

  @Mixin private ThemeMixin theme;

  @Mixin private ReportMixin report;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    requireSensible("--seeds", seeds, MOST_SEEDS);
    requireSensible("--epochs", epochs, MOST_EPOCHS);
    if (out != null) {
      PngFile.requireFree(out);
    }
    List<AccuracyCurve> lowRank = new ArrayList<>();
    List<AccuracyCurve> fourier = new ArrayList<>();
    try (FourierEngine engine =
        FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1))) {
      ExpressivenessExperiment experiment = new ExpressivenessExperiment(engine, epochs);
      for (int i = 0; i < seeds; i++) {
        lowRank.add(experiment.lowRank(seed + i));
        fourier.add(experiment.fourier(seed + i));
      }
    }
    if (out != null) {
      PngFile.write(out, CurveChart.draw(lowRank, fourier, theme.theme()));
    }
    if (report.isJson()) {
      report.print(asJson(lowRank, fourier));
    } else {
      print(report.out(), lowRank, fourier);
    }
    return 0;
  }

  private void requireSensible(String option, int value, int most) {
    if (value < 1 || value > most) {
      throw new ParameterException(
          spec.commandLine(),
          "%s is %d; it must be at least 1 and at most %d".formatted(option, value, most));
    }
  }

  private void print(
      PrintWriter printer, List<AccuracyCurve> lowRank, List<AccuracyCurve> fourier) {
    AccuracyCurve firstLowRank = lowRank.getFirst();
    AccuracyCurve firstFourier = fourier.getFirst();
    printer.println(
        "Accuracy of seed %d (%d trainable numbers each):"
            .formatted(seed, firstFourier.trainableNumbers()));
    Table curves = new Table(0, "epoch", firstLowRank.method(), firstFourier.method());
    for (int row = 0; row <= TABLE_ROWS; row++) {
      int epoch = (int) ((long) epochs * row / TABLE_ROWS);
      curves.add(
          Integer.toString(epoch),
          percent(firstLowRank.accuracy(epoch)),
          percent(firstFourier.accuracy(epoch)));
    }
    curves.print(printer);
    printer.println();
    Table seedTable =
        new Table(
            1, "method", "seed", "first epoch at 100 %", "best accuracy", "accuracy at the end");
    lowRank.forEach(curve -> addRow(seedTable, curve));
    fourier.forEach(curve -> addRow(seedTable, curve));
    seedTable.print(printer);
    printer.println();
    printer.println(summary(lowRank));
    printer.println(summary(fourier));
    if (out != null) {
      printer.println("curves written to " + out);
    }
  }

  private static void addRow(Table table, AccuracyCurve curve) {
    int first = curve.firstPerfectEpoch();
    table.add(
        curve.method(),
        Long.toString(curve.seed()),
        first < 0 ? "never" : Integer.toString(first),
        percent(curve.best()),
        percent(curve.last()));
  }

  private String summary(List<AccuracyCurve> curves) {
    return "%s reached 100 %% in %d of %d runs within %d epochs"
        .formatted(curves.getFirst().method(), perfect(curves), curves.size(), epochs);
  }

  private static long perfect(List<AccuracyCurve> curves) {
    return curves.stream().filter(curve -> curve.firstPerfectEpoch() >= 0).count();
  }

  private ObjectNode asJson(List<AccuracyCurve> lowRank, List<AccuracyCurve> fourier) {
    ObjectNode root = Json.object();
    root.put("command", spec.name());
    root.put("epochs", epochs);
    ArrayNode runs = root.putArray("runs");
    for (List<AccuracyCurve> curves : List.of(lowRank, fourier)) {
      for (AccuracyCurve curve : curves) {
        ObjectNode run = runs.addObject();
        run.put("method", curve.method());
        run.put("seed", curve.seed());
        run.put("trainable_numbers", curve.trainableNumbers());
        run.put("first_perfect_epoch", curve.firstPerfectEpoch());
        run.put("best_accuracy", curve.best());
        run.put("last_accuracy", curve.last());
        ArrayNode accuracy = run.putArray("accuracy");
        for (float value : curve.accuracy()) {
          accuracy.add(value);
        }
      }
    }
    if (out != null) {
      root.put("output", out.toString());
    }
    return root;
  }

  private static String percent(float share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
