package io.fourierft.peft;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.databind.JsonNode;
import io.fourierft.FuzzInput;
import io.fourierft.FuzzTime;
import io.fourierft.PythonOracle;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Any expression ends, or is refused with an exception of ours; where Python is, it says the same.
 */
class PatternFuzzTest {
  private static final Optional<PythonOracle> REFERENCE = PythonOracle.start();

  static Stream<Arguments> seeds() {
    return FuzzInput.seeds(
        "^(?!.*vision).*\\.(q|v)_proj$\0model.layers.0.q_proj", "(?:[a-c]|\\d{2,3}?)*+\0abc123");
  }

  @MethodSource("seeds")
  @DictionaryEntries({
    "(?:",
    "(?=",
    "(?!",
    "(?<=",
    "(?<!",
    "(?>",
    "(?i:",
    "(?P<n>",
    "{2}",
    "{,3}",
    "{1,}",
    "*?",
    "++",
    "[^",
    "[]",
    "\\d",
    "\\b",
    "\\Z",
    "$",
    "(){2000000000}",
    "\\x61",
    "\\N{DIGIT ONE}"
  })
  @FuzzTest(maxDuration = FuzzTime.EACH)
  void anyExpression(byte[] input) {
    List<byte[]> parts = FuzzInput.parts(input, 2);
    String expression = FuzzInput.text(parts.get(0));
    String text = FuzzInput.text(parts.get(1));
    boolean whole;
    boolean start;
    try {
      PythonPattern pattern = PythonPattern.of(expression, "fuzzed", new PatternBudget());
      whole = pattern.matchesAll(text);
      start = pattern.matchesStart(text);
    } catch (PeftException refused) {
      return;
    }
    if (REFERENCE.isEmpty()) {
      return;
    }
    JsonNode answer =
        REFERENCE.get().ask(Map.of("kind", "pattern", "pattern", expression, "text", text));
    if (answer.isArray()
        && (answer.get(0).booleanValue() != whole || answer.get(1).booleanValue() != start)) {
      throw new IllegalStateException(
          "'%s' on '%s': %s, %s, but the reference says %s"
              .formatted(expression, text, whole, start, answer));
    }
  }
}
