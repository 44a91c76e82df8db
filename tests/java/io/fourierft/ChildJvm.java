package io.fourierft;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A Java process of its own with this test's classes.
 *
 * @param process the process
 * @param output its standard output and standard error, together
 */
public record ChildJvm(Process process, BufferedReader output) implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 240;

  /**
   * Starts one.
   *
   * @param shellPrefix a shell command that runs before it in the same process, or an empty text
   * @param flags further flags of the virtual machine
   */
  public static ChildJvm start(
      String shellPrefix, List<String> flags, Class<?> main, Object... arguments)
      throws IOException {
    List<String> all = new ArrayList<>();
    all.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    all.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Djava.awt.headless=true"));
    all.addAll(flags);
    return startPlain(shellPrefix, all, main, arguments);
  }

  /** Starts one with no flags but those given: as a user who read nothing would. */
  public static ChildJvm startPlain(
      String shellPrefix, List<String> flags, Class<?> main, Object... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    if (!shellPrefix.isEmpty()) {
      command.addAll(List.of("bash", "-c", shellPrefix + "; exec \"$@\"", "bash"));
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    return new ChildJvm(process, process.inputReader(StandardCharsets.UTF_8));
  }

  /** Reads until a line that starts with {@code start}, and gives it. */
  public String await(String start) throws IOException {
    StringBuilder before = new StringBuilder();
    String line;
    while ((line = output.readLine()) != null) {
      if (line.startsWith(start)) {
        return line;
      }
      before.append(line).append('\n');
    }
    throw new AssertionError("the process ended without '" + start + "':\n" + before);
  }

  /** Waits for its end and gives all that it said. */
  public String finish() throws IOException, InterruptedException {
    StringBuilder text = new StringBuilder();
    String line;
    while ((line = output.readLine()) != null) {
      text.append(line).append('\n');
    }
    waitFor();
    return text.toString();
  }

  /** Its exit code, once it ended. */
  public int waitFor() throws InterruptedException {
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("the process does not end");
    }
    return process.exitValue();
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    output.close();
  }
}
