package io.fourierft.internal.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The kernels in JVMs that are told to have shorter vectors, and in one without the Vector API
 * module. Flags of another processor are ignored; the results must agree all the same.
 */
final class OtherMachinesTest {
  private static final List<String> MODULE = List.of("--add-modules", "jdk.incubator.vector");

  @ParameterizedTest
  @CsvSource({
    "-XX:UseAVX=1, 256",
    "-XX:UseAVX=2, 256",
    "-XX:UseAVX=3, 512",
    "-XX:MaxVectorSize=8, 64",
    "-XX:MaxVectorSize=16, 128",
    "-XX:MaxVectorSize=32, 256"
  })
  void shorterVectorsGiveTheSameNumbers(String flag, int mostBits) throws Exception {
    List<String> flags = new ArrayList<>(MODULE);
    flags.add("-XX:+IgnoreUnrecognizedVMOptions");
    flags.add(flag);
    String output = run(flags, "simd");
    assertTrue(output.contains("all results agree"), output);
    if (System.getProperty("os.arch").equals("amd64")) {
      int bits = Integer.parseInt(output.replaceAll("(?s).*?(\\d+)-bit vectors.*", "$1"));
      assertTrue(bits <= mostBits, output);
    }
  }

  @Test
  void withoutTheModuleJTransformsIsTakenAndSaysWhy() throws Exception {
    String output = run(List.of(), "auto");
    assertTrue(output.contains("kernels jtransforms: taken"), output);
    assertTrue(output.contains("start java with --add-modules jdk.incubator.vector"), output);
    assertTrue(output.contains("all results agree"), output);
  }

  @Test
  void withoutTheModuleForcedSimdIsRefusedWithTheFlagToAdd() throws Exception {
    String output = run(List.of(), "simd");
    assertTrue(output.contains("refused: "), output);
    assertTrue(output.contains("--add-modules jdk.incubator.vector"), output);
  }

  private static String run(List<String> flags, String kernels)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.add("-Xmx256m");
    command.addAll(flags);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(CompactAccuracySuite.class.getName());
    command.add(kernels);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), output);
    assertEquals(0, process.exitValue(), output);
    return output;
  }
}
