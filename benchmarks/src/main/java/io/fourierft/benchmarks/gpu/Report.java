package io.fourierft.benchmarks.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * Joins what the steps left in a folder into Markdown and JSON, as far as there is anything: {@code
 * Report WORK_FOLDER MODE OUTPUT_FOLDER}. Prints the files' name without its ending.
 */
final class Report {
  private final Path folder;
  private final String mode;
  private final Joined run;
  private final StringBuilder out = new StringBuilder();

  private Report(Path folder, String mode) throws IOException {
    this.folder = folder;
    this.mode = mode;
    this.run = Joined.read(folder);
  }

  public static void main(String[] arguments) throws IOException {
    Path target = Path.of(arguments[2]);
    Report report = new Report(Path.of(arguments[0]), arguments[1]);
    String name = report.name();
    replace(target.resolve(name + ".md"), report.markdown());
    replace(target.resolve(name + ".json"), report.document().toPrettyString());
    System.out.println(name);
  }

  /** Whole or not at all: the run may be ended at any moment. */
  private static void replace(Path file, String text) throws IOException {
    Path half = file.resolveSibling("." + file.getFileName() + ".half");
    Files.writeString(half, text);
    Files.move(half, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  private String name() throws IOException {
    String date = text("run.txt").lines().findFirst().orElse("").replace(":", "");
    String gpu = run.environment().path("gpu").asText("no-gpu").toLowerCase(Locale.ROOT);
    return date
        + "-"
        + mode
        + "-"
        + (run.isEmulated() ? "emulated-driver" : gpu.replaceAll("[^a-z0-9]+", "-"));
  }

  private String text(String file) throws IOException {
    Path path = folder.resolve(file);
    return Files.exists(path) ? Files.readString(path).strip() : "";
  }

  private ObjectNode document() throws IOException {
    ObjectNode all = run.document();
    all.put("mode", mode);
    all.put("run", text("run.txt"));
    all.put("nvidiaSmi", text("nvidia-smi.csv"));
    ArrayNode wanted = all.putArray("wanted");
    for (Wanted.Line line : Wanted.of(run)) {
      wanted
          .addObject()
          .put("goal", line.goal())
          .put("measured", line.measured())
          .put("verdict", line.verdict());
    }
    ArrayNode steps = all.putArray("steps");
    text("steps.tsv").lines().forEach(steps::add);
    return all;
  }

  private String markdown() throws IOException {
    String gpu = run.environment().path("gpu").asText("no GPU found");
    line("# GPU run on " + gpu);
    if (run.isEmulated()) {
      line("");
      line("**emulated driver: no figure of speed means anything**");
    }
    environment();
    steps();
    tests();
    line("");
    line("## Wanted");
    header("goal", "measured", "verdict");
    Wanted.of(run).forEach(each -> row(each.goal(), each.measured(), each.verdict()));
    group("ΔW", "delta/", List.of("torch", "peft", "cupy"));
    group("Forward", "forward/", List.of("torch", "peft", "lora"));
    group("Forward and backward", "both/", List.of("torch", "peft", "lora"));
    group("Training step", "training/", List.of("peft", "peft+graph", "lora", "lora+graph"));
    group("Adapters mixed in one batch", "mixed/", List.of("torch"));
    group(
        "Whole layers, forward and backward", "layer/", List.of("torch", "peft", "lora", "linear"));
    group("Merging in bf16", "merge/", List.of("torch", "peft"));
    resources();
    profile();
    calls();
    skipped();
    return out.toString();
  }

  private void environment() throws IOException {
    line("");
    header("what", "value");
    List<String> about = text("run.txt").lines().toList();
    for (int i = 0; i < about.size(); i++) {
      row(i == 0 ? "date" : i == 1 ? "commit" : "system", about.get(i));
    }
    row("mode", mode);
    run.environment().properties().forEach(e -> row(e.getKey(), e.getValue().asText()));
    text("nvidia-smi.csv").lines().skip(1).forEach(each -> row("nvidia-smi", each));
    text("nvcc.txt").lines().limit(1).forEach(each -> row("nvcc", each));
    run.peers().path("peers").properties().forEach(e -> row(e.getKey(), e.getValue().asText()));
    run.peers()
        .path("missing")
        .properties()
        .forEach(e -> row(e.getKey() + " (missing)", e.getValue().asText()));
    row("engine", run.engine().path("engine").asText("not opened"));
    row("cuFFT plans made", run.engine().path("plansMade").asText("—"));
    row(
        "copy bandwidth",
        number("%.1f", run.copyBandwidth() / 1e9) + " GB/s, bytes read and written");
  }

  private void steps() throws IOException {
    line("");
    line("## Steps");
    header("step", "result", "seconds", "last line");
    text("steps.tsv")
        .lines()
        .map(each -> each.split("\t", -1))
        .filter(each -> each.length == 4)
        .forEach(this::row);
  }

  private void tests() throws IOException {
    for (String step : List.of("conformance", "callbacks-conformance")) {
      Path log = folder.resolve(step + ".log");
      if (Files.exists(log)) {
        TestLog tests = TestLog.read(log);
        line("");
        line("## Tests: " + step);
        line("");
        line(tests.passed() + " passed, " + tests.others().size() + " did not.");
        if (!tests.others().isEmpty()) {
          line("");
          tests.others().forEach(each -> line("- `" + each.replace('`', '\'') + "`"));
        }
      }
    }
  }

  private void group(String title, String prefix, List<String> peers) {
    line("");
    line("## " + title);
    StringBuilder heads =
        new StringBuilder(
            "case|path|ms|lowest to highest|of copy bandwidth, least bytes|of copy bandwidth,"
                + " path's bytes|kernels' share|launches' share|kernels|transforms|µs to enqueue|µs"
                + " to its end|error");
    peers.forEach(peer -> heads.append("|").append(peer).append(" ms|× ").append(peer));
    header(heads.toString().split("\\|", -1));
    for (JsonNode each : run.engine().path("cases")) {
      if (each.get("case").asText().startsWith(prefix)) {
        measured(each, prefix, peers);
      }
    }
  }

  private void measured(JsonNode each, String prefix, List<String> peers) {
    double milliseconds = each.get("milliseconds").asDouble();
    double copied = run.copyBandwidth() * milliseconds / 1000;
    OptionalDouble graph =
        each.has("graphMilliseconds")
            ? OptionalDouble.of(each.get("graphMilliseconds").asDouble())
            : OptionalDouble.empty();
    double kernels = Math.min(1, graph.orElse(milliseconds) / milliseconds);
    String name = each.get("case").asText();
    StringBuilder cells =
        new StringBuilder(
            String.join(
                "|",
                name.substring(prefix.length()),
                each.get("variant").asText().toLowerCase(Locale.ROOT),
                number("%.4f", milliseconds),
                number("%.4f", each.get("low").asDouble())
                    + " to "
                    + number("%.4f", each.get("high").asDouble()),
                percent(each.get("leastBytes").asDouble() / copied),
                percent(each.get("pathBytes").asDouble() / copied),
                graph.isPresent() ? percent(kernels) : "—",
                graph.isPresent() ? percent(1 - kernels) : "—",
                each.path("launches").asText("—"),
                each.path("transforms").asText("—"),
                number("%.1f", each.get("enqueueMicroseconds").asDouble()),
                number("%.1f", each.path("latencyMicroseconds").asDouble()),
                number("%.1e", each.get("error").asDouble())
                    + (each.get("right").asBoolean() ? "" : " WRONG")));
    for (String peer : peers) {
      OptionalDouble time = run.peer(name, peer);
      cells
          .append("|")
          .append(time.isPresent() ? number("%.4f", time.getAsDouble()) : "—")
          .append("|")
          .append(time.isPresent() ? number("%.2f", time.getAsDouble() / milliseconds) : "—");
    }
    row(cells.toString().split("\\|", -1));
  }

  /** What the compiler said of the kernels for this GPU. */
  private void resources() throws IOException {
    String gpu = "| sm_" + run.environment().path("architecture").asText() + " |";
    List<String> table = text("resources.md").lines().toList();
    List<String> mine = table.stream().filter(each -> each.contains(gpu)).toList();
    if (!mine.isEmpty()) {
      line("");
      line("## Kernel resources");
      line("");
      table.stream().limit(2).forEach(this::line);
      mine.forEach(this::line);
    }
  }

  /** What Nsight Compute counted, if it was there. */
  private void profile() throws IOException {
    Path csv = folder.resolve("profile.csv");
    if (Files.exists(csv)) {
      line("");
      line("## Kernels as Nsight Compute sees them");
      header(KernelProfile.COLUMNS.toArray(String[]::new));
      KernelProfile.rows(csv).forEach(each -> row(each.toArray(String[]::new)));
    }
  }

  private void calls() {
    line("");
    line("## Native calls through Panama");
    header("function", "ns a call");
    run.engine()
        .path("nanosecondsOfCalls")
        .properties()
        .forEach(e -> row(e.getKey(), number("%.0f", e.getValue().asDouble())));
  }

  private void skipped() {
    line("");
    line("## Not measured");
    header("case", "by", "reason");
    run.engine()
        .path("skipped")
        .forEach(
            e ->
                row(
                    e.get("case").asText() + " " + e.path("variant").asText(),
                    "the engine",
                    e.get("reason").asText()));
    run.peers()
        .path("skipped")
        .forEach(
            e -> row(e.get("case").asText(), e.get("peer").asText(), e.get("reason").asText()));
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  private static String percent(double share) {
    return number("%.0f %%", 100 * share);
  }

  private void header(String... cells) {
    line("");
    row(cells);
    line("|" + " --- |".repeat(cells.length));
  }

  private void row(String... cells) {
    out.append('|');
    for (String cell : cells) {
      out.append(' ').append(cell.replace("|", "\\|").replace('\n', ' ')).append(" |");
    }
    out.append('\n');
  }

  private void line(String text) {
    out.append(text).append('\n');
  }
}
