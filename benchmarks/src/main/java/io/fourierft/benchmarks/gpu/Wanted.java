package io.fourierft.benchmarks.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.DoubleUnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The goals of one GPU, each a ratio within one run, and whether the run met them. */
final class Wanted {
  private static final String BATCH = "delta/4096x4096/n1000/b32";
  private static final double OUTPUT_BYTES = 32.0 * 4096 * 4096 * 4;
  private static final Pattern WAITING =
      Pattern.compile(".* free after ([0-9.]+) ms, the device done after ([0-9.]+) ms");

  private final Joined run;
  private final List<Line> lines = new ArrayList<>();

  private Wanted(Joined run) {
    this.run = run;
  }

  /**
   * One goal.
   *
   * @param goal in words
   * @param measured in words, or that it was not measured
   * @param verdict met, missed or not measured
   */
  record Line(String goal, String measured, String verdict) {}

  static List<Line> of(Joined run) {
    Wanted wanted = new Wanted(run);
    wanted.compare();
    return wanted.lines;
  }

  private void compare() {
    OptionalDouble folded = run.milliseconds(BATCH, "FOLDED");
    OptionalDouble pruned = run.milliseconds(BATCH, "PRUNED");
    double write = run.copyBandwidth() > 0 ? 1000 * OUTPUT_BYTES / run.copyBandwidth() : 0;
    OptionalDouble writing = write > 0 ? OptionalDouble.of(write) : OptionalDouble.empty();
    atLeast("ΔW, folded, 32 of 4096², against PyTorch", 4, run.peer(BATCH, "torch"), folded);
    atMost("ΔW, folded, 32 of 4096², against writing the output", 4, folded, writing);
    atMost("ΔW, pruned, 32 of 4096², against writing the output", 2.5, pruned, writing);
    String callbacks = DenseBenchmark.CALLBACKS;
    atMost(
        "ΔW, folded, with cuFFT's callbacks, against writing the output",
        4,
        run.milliseconds(BATCH, "FOLDED" + callbacks),
        writing);
    atMost(
        "ΔW, pruned, with cuFFT's callbacks, against writing the output",
        2.5,
        run.milliseconds(BATCH, "PRUNED" + callbacks),
        writing);
    forward(1);
    forward(4096);
    for (int tokens : List.of(256, 4096)) {
      String mixed = "mixed/4096x4096/n1000/t" + tokens + "/a";
      atMost(
          "256 adapters in one batch of %d tokens, against one".formatted(tokens),
          1.2,
          run.milliseconds(mixed + 256, "SPECTRAL"),
          run.milliseconds(mixed + 1, "SPECTRAL"));
    }
    nativeCall();
    waiting();
  }

  private void forward(int tokens) {
    String name = "forward/4096x4096/n1000/t" + tokens + "/f32";
    OptionalDouble peft = run.peer(name, "peft");
    atLeast(
        "Forward of %d tokens, fp32, against PEFT's layer (the adapter's part)".formatted(tokens),
        10,
        peft,
        run.milliseconds(name, "SPECTRAL"));
  }

  private void atLeast(String goal, double factor, OptionalDouble slower, OptionalDouble faster) {
    ratio(goal + ": at least " + text(factor) + "×", slower, faster, r -> r - factor);
  }

  private void atMost(String goal, double factor, OptionalDouble time, OptionalDouble against) {
    ratio(goal + ": at most " + text(factor) + "×", time, against, r -> factor - r);
  }

  private void ratio(
      String goal, OptionalDouble above, OptionalDouble below, DoubleUnaryOperator margin) {
    if (above.isEmpty() || below.isEmpty()) {
      lines.add(new Line(goal, "—", "not measured"));
      return;
    }
    double ratio = above.getAsDouble() / below.getAsDouble();
    lines.add(
        new Line(
            goal,
            String.format(
                Locale.ROOT,
                "%.2f× (%.4f ms against %.4f ms)",
                ratio,
                above.getAsDouble(),
                below.getAsDouble()),
            verdict(margin.applyAsDouble(ratio) >= 0)));
  }

  private void nativeCall() {
    double call = run.engine().path("nanosecondsOfCalls").path("cuDriverGetVersion").asDouble();
    String goal = "Smallest native call, the function itself included: under 1 µs";
    lines.add(
        call == 0
            ? new Line(goal, "—", "not measured")
            : new Line(goal, Math.round(call) + " ns", verdict(call < 1000)));
  }

  private void waiting() {
    String goal = "No synchronisation inside a training step: the calling thread is free first";
    String seen = run.engine().path("waiting").asText();
    Matcher times = WAITING.matcher(seen);
    lines.add(
        times.matches()
            ? new Line(
                goal,
                seen,
                verdict(
                    Double.parseDouble(times.group(1)) < Double.parseDouble(times.group(2)) / 2))
            : new Line(goal, "—", "not measured"));
  }

  private String verdict(boolean met) {
    if (run.isEmulated()) {
      return "emulated: means nothing";
    }
    return met ? "met" : "MISSED";
  }

  private static String text(double factor) {
    return factor == Math.rint(factor) ? Long.toString((long) factor) : Double.toString(factor);
  }
}
