package io.fourierft.benchmarks.gpu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a run of tests printed as it went (JUnit's launcher, {@code --details=testfeed}), read even
 * where it was cut off.
 *
 * @param passed how many
 * @param others the tests that did not pass, each with what became of it: failed, aborted, skipped,
 *     or started and never ended; a failure with the first line of its reason
 */
record TestLog(int passed, List<String> others) {
  private static final Pattern LINE =
      Pattern.compile("(.*) :: (STARTED|SUCCESSFUL|FAILED|ABORTED|SKIPPED)");
  private static final String STARTED = "STARTED";
  private static final int MOST = 300;

  static TestLog read(Path log) throws IOException {
    Map<String, String> states = new LinkedHashMap<>();
    Map<String, String> reasons = new LinkedHashMap<>();
    String waiting = "";
    try (Stream<String> lines = Files.lines(log, StandardCharsets.UTF_8)) {
      for (String line : (Iterable<String>) lines::iterator) {
        Matcher match = LINE.matcher(line.strip());
        if (match.matches()) {
          states.put(match.group(1), match.group(2));
          waiting = match.group(2).equals("SUCCESSFUL") ? "" : match.group(1);
        } else if (!waiting.isEmpty() && !line.isBlank()) {
          reasons.putIfAbsent(waiting, line.strip());
          waiting = "";
        }
      }
    }
    int passed = 0;
    List<String> others = new ArrayList<>();
    for (Map.Entry<String, String> each : states.entrySet()) {
      if (each.getValue().equals("SUCCESSFUL")) {
        passed++;
        continue;
      }
      String state = each.getValue().equals(STARTED) ? "not ended" : each.getValue();
      String reason =
          each.getValue().equals(STARTED) ? "" : reasons.getOrDefault(each.getKey(), "");
      String text = state + ": " + each.getKey() + (reason.isEmpty() ? "" : ": " + reason);
      others.add(text.substring(0, Math.min(MOST, text.length())));
    }
    return new TestLog(passed, others);
  }
}
