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
  private static final String MERGE = "merge/4096x4096/n1000";
  private static final double MATRIX_BYTES = 4096.0 * 4096 * 4;
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
    OptionalDouble fused = run.milliseconds(BATCH, OperatorBenchmark.FUSED);
    OptionalDouble writing = copying(32 * MATRIX_BYTES);
    atMost("ΔW, fused, 32 of 4096², against writing the output", 1.5, fused, writing);
    atLeast("ΔW, fused, 32 of 4096², against PyTorch", 12, run.peer(BATCH, "torch"), fused);
    atMost("ΔW, folded, 32 of 4096², against writing the output", 4, folded, writing);
    atMost("ΔW, pruned, 32 of 4096², against writing the output", 2.5, pruned, writing);
    OptionalDouble merge = run.milliseconds(MERGE, OperatorBenchmark.FUSED);
    atMost("Merge into bf16 4096², against its bytes", 1.5, merge, copying(MATRIX_BYTES));
    atLeast("Merge into bf16 4096², against PEFT", 15, run.peer(MERGE, "peft"), merge);
    latency();
    forward(1, 30);
    forward(4096, 25);
    String tokens = "4096x4096/n1000/t4096/f32";
    OptionalDouble forward = run.milliseconds("forward/" + tokens, OperatorBenchmark.FUSED);
    OptionalDouble both = run.milliseconds("both/" + tokens, OperatorBenchmark.FUSED);
    atMost("Forward of 4096 tokens, against its bytes", 1.5, forward, copying(3 * MATRIX_BYTES));
    atMost(
        "Forward of 4096 tokens, against a LoRA layer's adapter part of rank 8",
        1,
        forward,
        run.peer("forward/" + tokens, "lora"));
    atMost(
        "Forward and backward of 4096 tokens, against their bytes",
        1.6,
        both,
        copying(7 * MATRIX_BYTES));
    atMost(
        "Forward and backward of 4096 tokens, against a LoRA layer's adapter part of rank 8",
        1,
        both,
        run.peer("both/" + tokens, "lora"));
    training(12, 768);
    training(2, 4096);
    for (int count : List.of(256, 4096)) {
      String mixed = "mixed/4096x4096/n1000/t" + count + "/a";
      atMost(
          "256 adapters in one batch of %d tokens, against one".formatted(count),
          1.1,
          run.milliseconds(mixed + 256, OperatorBenchmark.FUSED),
          run.milliseconds(mixed + 1, OperatorBenchmark.FUSED));
    }
    nativeCall();
    waiting();
  }

  /** Milliseconds that copying takes for so many bytes, read and written together. */
  private OptionalDouble copying(double bytes) {
    return run.copyBandwidth() > 0
        ? OptionalDouble.of(1000 * bytes / run.copyBandwidth())
        : OptionalDouble.empty();
  }

  private void latency() {
    String goal = "Operator on one token, from the call to the end of its kernel: at most 12 µs";
    OptionalDouble found =
        run.measured("forward/4096x4096/n1000/t1/f32", OperatorBenchmark.FUSED)
            .map(each -> OptionalDouble.of(each.path("latencyMicroseconds").asDouble()))
            .orElse(OptionalDouble.empty());
    lines.add(
        found.isEmpty()
            ? new Line(goal, "—", "not measured")
            : new Line(
                goal,
                String.format(Locale.ROOT, "%.1f µs", found.getAsDouble()),
                verdict(found.getAsDouble() <= 12)));
  }

  private void forward(int tokens, double factor) {
    String name = "forward/4096x4096/n1000/t" + tokens + "/f32";
    atLeast(
        "Forward of %d tokens, fp32, against PEFT's layer (the adapter's part)".formatted(tokens),
        factor,
        run.peer(name, "peft"),
        run.milliseconds(name, OperatorBenchmark.FUSED));
  }

  private void training(int layers, int side) {
    String name = Cases.training(new Cases.Stack(layers, side), 1000, 512, "F32");
    String goal = "Training step of %d layers of %d as one graph, against ".formatted(layers, side);
    OptionalDouble step = run.milliseconds(name, TrainingBenchmark.AUTO + TrainingBenchmark.GRAPH);
    atLeast(goal + "PEFT's FourierFT", 10, run.peer(name, "peft"), step);
    atMost(goal + "PEFT's LoRA of rank 8", 1, step, run.peer(name, "lora"));
    atMost(goal + "the same LoRA as one graph", 1, step, run.peer(name, "lora+graph"));
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
