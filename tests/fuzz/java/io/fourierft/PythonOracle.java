package io.fourierft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The reference implementations, asked over a pipe, where {@code -Dfuzz.python} names a Python that
 * has {@code safetensors}.
 */
public final class PythonOracle {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final BufferedWriter questions;
  private final BufferedReader answers;

  private PythonOracle(Process process) {
    questions = process.outputWriter(StandardCharsets.UTF_8);
    answers = process.inputReader(StandardCharsets.UTF_8);
  }

  /** Starts one; empty if no Python was named. */
  public static Optional<PythonOracle> start() {
    String python = System.getProperty("fuzz.python", "");
    if (python.isEmpty()) {
      return Optional.empty();
    }
    try {
      Path script =
          Path.of(System.getProperty("fourierft.project.dir"), "tests/fuzz/python/oracle.py");
      return Optional.of(
          new PythonOracle(
              new ProcessBuilder(python, "-W", "ignore", script.toString())
                  .redirectError(ProcessBuilder.Redirect.INHERIT)
                  .start()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The answer to a question. */
  public JsonNode ask(Map<String, ?> question) {
    try {
      questions.write(MAPPER.writeValueAsString(question));
      questions.write('\n');
      questions.flush();
      String answer = answers.readLine();
      if (answer == null) {
        throw new IllegalStateException("the reference ended at " + question);
      }
      return MAPPER.readTree(answer);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
