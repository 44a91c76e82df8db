package io.fourierft.benchmarks.gpu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What Nsight Compute counted, read from {@code ncu --page raw --csv}: a line of names, one of
 * units, and one for each launch. Metrics that this version or GPU lacks are left out.
 */
final class KernelProfile {
  /** The columns of {@link #rows}. */
  static final List<String> COLUMNS =
      List.of(
          "kernel",
          "grid × block",
          "duration",
          "registers",
          "occupancy, possible",
          "occupancy, achieved",
          "issue active",
          "compute throughput",
          "memory throughput",
          "shared-memory bank conflicts",
          "shared-memory wavefronts",
          "stalled most by (warps for each issue)");

  private static final Pattern STALL =
      Pattern.compile("smsp__average_warps_issue_stalled_(\\w+)_per_issue_active\\.ratio");

  /** A warp that was chosen is not stalled. */
  private static final String CHOSEN = "selected";

  private static final int MOST_STALLS = 4;

  private final List<String> names;
  private final List<String> units;

  private KernelProfile(List<String> names, List<String> units) {
    this.names = names;
    this.units = units;
  }

  /** One row a kernel, of its last launch: the first one may wait for what a later one finds. */
  static Collection<List<String>> rows(Path csv) throws IOException {
    List<List<String>> lines = new ArrayList<>();
    for (String line : Files.readAllLines(csv, StandardCharsets.UTF_8)) {
      if (line.startsWith("\"")) {
        lines.add(cells(line));
      }
    }
    Map<String, List<String>> rows = new LinkedHashMap<>();
    if (lines.size() > 2) {
      KernelProfile profile = new KernelProfile(lines.get(0), lines.get(1));
      for (List<String> launch : lines.subList(2, lines.size())) {
        List<String> row = profile.row(launch);
        rows.put(row.getFirst(), row);
      }
    }
    return rows.values();
  }

  /** The cells of a line in which every one stands in quotes. */
  private static List<String> cells(String line) {
    return List.of(
        line.substring(1, line.length() - (line.endsWith("\"") ? 1 : 0)).split("\",\"", -1));
  }

  private List<String> row(List<String> launch) {
    return List.of(
        first(launch, "Kernel Name", "launch__kernel_name"),
        first(launch, "Grid Size", "launch__grid_size")
            + " × "
            + first(launch, "Block Size", "launch__block_size"),
        first(launch, "gpu__time_duration.sum"),
        first(launch, "launch__registers_per_thread"),
        first(launch, "sm__maximum_warps_per_active_cycle_pct"),
        first(launch, "sm__warps_active.avg.pct_of_peak_sustained_active"),
        first(
            launch,
            "smsp__issue_active.avg.pct_of_peak_sustained_active",
            "smsp__issue_active.avg.per_cycle_active"),
        first(launch, "sm__throughput.avg.pct_of_peak_sustained_elapsed"),
        first(
            launch,
            "gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed",
            "gpu__compute_memory_access_throughput.avg.pct_of_peak_sustained_elapsed"),
        first(launch, "l1tex__data_bank_conflicts_pipe_lsu_mem_shared.sum"),
        first(launch, "l1tex__data_pipe_lsu_wavefronts_mem_shared.sum"),
        stalls(launch));
  }

  /** The first of these metrics that there is, with its unit. */
  private String first(List<String> launch, String... metrics) {
    for (String metric : metrics) {
      int column = names.indexOf(metric);
      if (column >= 0 && column < launch.size() && !launch.get(column).isBlank()) {
        String unit = column < units.size() ? units.get(column) : "";
        return (launch.get(column) + " " + unit).strip();
      }
    }
    return "—";
  }

  private String stalls(List<String> launch) {
    record Stall(String reason, double warps) {}
    List<Stall> stalls = new ArrayList<>();
    for (int column = 0; column < Math.min(names.size(), launch.size()); column++) {
      Matcher stall = STALL.matcher(names.get(column));
      if (stall.matches() && !stall.group(1).equals(CHOSEN)) {
        stalls.add(new Stall(stall.group(1).replace('_', ' '), number(launch.get(column))));
      }
    }
    if (stalls.isEmpty()) {
      return "—";
    }
    stalls.sort(Comparator.comparingDouble(Stall::warps).reversed());
    return String.join(
        ", ",
        stalls.stream()
            .limit(MOST_STALLS)
            .map(each -> String.format(Locale.ROOT, "%s %.2f", each.reason(), each.warps()))
            .toList());
  }

  private static double number(String text) {
    try {
      return Double.parseDouble(text.replace(",", ""));
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
