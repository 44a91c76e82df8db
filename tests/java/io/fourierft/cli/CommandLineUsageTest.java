package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Help, exit codes, and what wrong usage is answered with. */
class CommandLineUsageTest {
  private static final String[] MERGE = {
    "merge", "--base", "no-base", "--adapter", "no-adapter", "--out", "no-out"
  };

  private static CommandLineRun merge(String... more) {
    Object[] all = new Object[MERGE.length + more.length];
    System.arraycopy(MERGE, 0, all, 0, MERGE.length);
    System.arraycopy(more, 0, all, MERGE.length, more.length);
    return CommandLineRun.of(all);
  }

  private static void assertUsage(CommandLineRun run, String... words) {
    assertEquals(2, run.code(), run.err());
    assertEquals("", run.out());
    assertTrue(run.err().startsWith("fourierft: "), run.err());
    assertTrue(run.err().contains("--help'."), run.err());
    for (String word : words) {
      assertTrue(run.err().contains(word), () -> "'" + word + "' in: " + run.err());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "merge",
        "unmerge",
        "delta",
        "to-lora",
        "locations",
        "inspect",
        "similarity",
        "train-demo",
        "doctor"
      })
  void everyCommandHasHelp(String command) {
    CommandLineRun run = CommandLineRun.of(command, "--help");
    assertEquals(0, run.code());
    assertEquals("", run.err());
    assertTrue(run.out().contains("\nUsage: fourierft " + command), run.out());
    assertTrue(run.out().contains("--json"), run.out());
    assertEquals(run.out(), CommandLineRun.of("help", command).out());
    for (String line : run.out().split("\\R", -1)) {
      assertTrue(line.length() <= 100, line);
    }
    String overview = CommandLineRun.of("--help").out();
    assertTrue(overview.contains("  " + command), overview);
  }

  @Test
  void helpOfUnmergeSaysThatBitsAreLost() {
    String help = CommandLineRun.of("unmerge", "--help").out();
    assertTrue(help.contains("cannot restore every bit"), help);
  }

  @Test
  void helpSaysTheExitCodesAndVersionSaysTheVersion() {
    assertTrue(CommandLineRun.of("--help").out().contains("0 success, 1 failure, 2 wrong usage"));
    CommandLineRun version = CommandLineRun.of("--version");
    assertEquals(0, version.code());
    assertTrue(version.out().matches("fourierft \\d+\\.\\d+\\S*\\R"), version.out());
  }

  @Test
  void noCommandIsWrongUsage() {
    assertUsage(CommandLineRun.of(), "subcommand");
  }

  @Test
  void anUnknownCommandIsAnsweredWithTheNearest() {
    assertUsage(CommandLineRun.of("mrege"), "mrege", "fourierft merge");
  }

  @Test
  void anUnknownOptionIsAnsweredWithTheNearest() {
    assertUsage(merge("--dtyp", "f32"), "--dtyp", "Possible solutions", "--dtype");
  }

  @ParameterizedTest
  @CsvSource({
    "merge, --base",
    "unmerge, --out",
    "delta, --out",
    "locations, --n-frequency",
  })
  void aMissingOptionIsNamed(String command, String option) {
    assertUsage(CommandLineRun.of(command), "Missing required option", option);
  }

  @Test
  void aBadDtypeIsAnsweredWithTheGoodOnes() {
    assertUsage(merge("--dtype", "int8"), "int8", "keep", "f32", "f16", "bf16");
  }

  @ParameterizedTest
  @ValueSource(strings = {"5XB", "0", "-1", "GB", "1.5.2MB", "5 apples", "9999999999TB", "5IB"})
  void aBadSizeIsNamed(String size) {
    assertUsage(merge("--max-shard-size=" + size), "--max-shard-size", size);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tpu", "cuda:", "cuda:x", "CPU ", "gpu"})
  void anUnknownDeviceIsAnsweredWithTheKnownOnes(String device) {
    assertUsage(merge("--device", device), device, "auto, cpu, cuda or cuda:N");
  }

  @Test
  void negativeThreadsAreWrongUsage() {
    assertUsage(merge("--threads", "-1"), "threads is -1");
    assertUsage(merge("--threads", "many"), "--threads", "many");
  }

  @Test
  void aForcedDeviceThatCannotBeHadIsAFailureThatSaysWhy() {
    // No machine has ten thousand GPUs.
    CommandLineRun run = merge("--device", "cuda:9999");
    assertEquals(1, run.code(), run.err());
    assertTrue(run.err().contains("no engine for device 'cuda:9999' can be had"), run.err());
    assertFalse(run.err().contains("\tat "), "no stack trace: " + run.err());
  }

  @Test
  void aBaseThatIsNotThereIsAFailure() {
    CommandLineRun run = merge("--device", "cpu");
    assertEquals(1, run.code());
    assertEquals("fourierft: no-base: no such file or folder", run.err().strip());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 4, 1, 7, at least 1 x 1",
    "4, -2, 1, 7, at least 1 x 1",
    "4, 4, 0, 7, n_frequency is 0",
    "4, 4, 17, 7, must be 1 to 16",
    "4, 4, 3, 18446744073709551616, 2^64-1",
    "4, 4, 3, -9223372036854775809, -2^63",
    "4, x, 3, 7, --cols",
    "4, 4, 3, seven, --seed"
  })
  void badSizesOfLocationsAreWrongUsage(
      String rows, String cols, String n, String seed, String word) {
    assertUsage(
        CommandLineRun.of(
            "locations", "--rows", rows, "--cols", cols, "--n-frequency", n, "--seed", seed),
        word);
  }

  @Test
  void allSeedsOfTorchAreTaken() {
    List<String> same = List.of("-1", "18446744073709551615", "4294967295");
    String expected = null;
    for (String seed : same) {
      CommandLineRun run =
          CommandLineRun.of(
              "locations", "--rows", 8, "--cols", 8, "--n-frequency", 5, "--seed=" + seed);
      assertEquals(0, run.code(), run.err());
      expected = expected == null ? run.out() : expected;
      assertEquals(expected, run.out(), "only the low 32 bits of a seed matter");
    }
  }

  @Test
  void plotNeedsABaseAndThePngEnding() {
    assertUsage(
        CommandLineRun.of("inspect", "--adapter", "a", "--plot", "x.png"), "--plot needs --base");
    assertUsage(
        CommandLineRun.of("inspect", "--adapter", "a", "--base", "b", "--plot", "x.jpg"), ".png");
    assertUsage(CommandLineRun.of("inspect", "a", "--base", "b", "--module", "m"), "--plot");
  }

  @Test
  void inspectTakesAFolderByItself() {
    assertUsage(CommandLineRun.of("inspect"), "--adapter");
    assertUsage(
        CommandLineRun.of("inspect", "a", "b", "--base", "m", "--plot", "x.png"), "one adapter");
  }
}
