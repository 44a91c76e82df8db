package io.fourierft.benchmarks;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a run does.
 *
 * @param quick fewer shapes and samples: some ten minutes with PEFT
 * @param only sections to run; empty for all
 * @param threads of each side
 * @param results folder of the report
 */
record RunOptions(boolean quick, Set<String> only, int threads, Path results) {
  static RunOptions parse(List<String> sections, Path defaultResults, String... arguments) {
    boolean quick = false;
    Set<String> only = new TreeSet<>();
    int threads = 2;
    Path results = defaultResults;
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--quick" -> quick = true;
        case "--only" -> only.addAll(Arrays.asList(value(arguments, ++i).split(",")));
        case "--threads" -> threads = Integer.parseInt(value(arguments, ++i));
        case "--results" -> results = Path.of(value(arguments, ++i));
        default ->
            throw new IllegalArgumentException(
                "unknown option %s; use --quick (some 10 minutes), --only, --threads or --results"
                    .formatted(arguments[i]));
      }
    }
    for (String name : only) {
      if (!sections.contains(name)) {
        throw new IllegalArgumentException(
            "there is no section '%s'; there are %s".formatted(name, sections));
      }
    }
    if (threads < 1) {
      throw new IllegalArgumentException("--threads is " + threads + "; use at least 1");
    }
    return new RunOptions(quick, only, threads, results);
  }

  boolean wants(String section) {
    return only.isEmpty() || only.contains(section);
  }

  private static String value(String[] arguments, int at) {
    if (at >= arguments.length) {
      throw new IllegalArgumentException(arguments[at - 1] + " needs a value");
    }
    return arguments[at];
  }
}
