package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Colours and bars are for terminals: {@code script} gives a program one. */
class TerminalTest {
  private static final Path SCRIPT = Path.of("/usr/bin/script");
  private static final String ESCAPE = "\u001B[";

  /** What runs on the terminal, or not: says where it is, and shows help. */
  static final class Probe {
    public static void main(String[] arguments) {
      System.out.println("terminal " + Terminal.isStandardError());
      Main.main(new String[] {"merge", "--help"});
    }
  }

  private static String run(boolean terminal, boolean noColor)
      throws IOException, InterruptedException {
    String java = Path.of(System.getProperty("java.home", ""), "bin", "java").toString();
    String classes = System.getProperty("java.class.path", "");
    String program =
        java + " -XX:TieredStopAtLevel=1 -cp '" + classes + "' '" + Probe.class.getName() + "'";
    ProcessBuilder builder =
        terminal
            ? new ProcessBuilder(SCRIPT.toString(), "-qec", program, "/dev/null")
            : new ProcessBuilder("sh", "-c", program);
    builder.environment().remove("NO_COLOR");
    builder.environment().put("TERM", "xterm");
    if (noColor) {
      builder.environment().put("NO_COLOR", "1");
    }
    Process process = builder.redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertTrue(output.contains("Usage: "), output);
    return output;
  }

  @Test
  void aPipeIsNoTerminalAndGetsNoColours() throws Exception {
    String output = run(false, false);
    assertTrue(output.contains("terminal false"), output);
    assertFalse(output.contains(ESCAPE), output);
  }

  @Test
  void aTerminalGetsColoursUnlessNoneAreWanted() throws Exception {
    assumeTrue(Files.isExecutable(SCRIPT), "script is of util-linux");
    String output = run(true, false);
    assertTrue(output.contains("terminal true"), output);
    assertTrue(output.contains(ESCAPE), output);
    assertFalse(run(true, true).contains(ESCAPE));
  }
}
