package io.fourierft.internal.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * What the assembler said of the kernels when they were built: registers, shared memory, stack and
 * spills, for every architecture of the list.
 */
class KernelResourcesTest {
  private static final Path PROJECT = Path.of(System.getProperty("fourierft.project.dir", "."));

  private static final Pattern ROW =
      Pattern.compile(
          "\\| fourierft_(\\w+) \\| sm_(\\d+) \\| (\\d+) \\| (\\d+) \\| (\\d+) \\| (\\d+) \\|");

  /** Registers of a thread that leave room for as many threads as the kernels of lines may have. */
  private static final int MOST_REGISTERS_OF_ROWS = 96;

  private static final int MOST_REGISTERS_OF_TOKENS = 128;

  private record Row(
      Kernel kernel, int architecture, int registers, int shared, int stack, int spilled) {}

  private static List<Row> rows() throws IOException {
    Path table = PROJECT.resolve("target/kernels/resources.md");
    assumeTrue(
        Files.exists(table),
        "the kernels were not built: nvcc or cmake is not here, or -Dfourierft.kernels.skip was"
            + " given");
    List<Row> rows = new ArrayList<>();
    for (String line : Files.readAllLines(table)) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        rows.add(
            new Row(
                Kernel.valueOf(row.group(1).toUpperCase(java.util.Locale.ROOT)),
                Integer.parseInt(row.group(2)),
                Integer.parseInt(row.group(3)),
                Integer.parseInt(row.group(4)),
                Integer.parseInt(row.group(5)),
                Integer.parseInt(row.group(6))));
      }
    }
    return rows;
  }

  /** The architectures that the fatbin beside the table was made for. */
  private static Set<Integer> architectures() throws IOException {
    Path properties =
        PROJECT.resolve("target/kernels/resources/META-INF/fourierft/cuda/fourierft.properties");
    Set<Integer> all = new TreeSet<>();
    for (String line : Files.readAllLines(properties)) {
      if (line.startsWith("architectures=")) {
        for (String each : line.substring(line.indexOf('=') + 1).split(";", -1)) {
          all.add(Integer.parseInt(each));
        }
      }
    }
    return all;
  }

  @Test
  void everyKernelWasReportedForEveryArchitecture() throws IOException {
    Set<String> found = new TreeSet<>();
    rows().forEach(row -> found.add(row.kernel + " " + row.architecture));
    Set<String> expected = new TreeSet<>();
    for (int architecture : architectures()) {
      for (Kernel kernel : Kernel.values()) {
        expected.add(kernel + " " + architecture);
      }
    }
    assertEquals(expected, found);
  }

  /** Bytes written and read again, where a block more on a multiprocessor is worth more. */
  private static final Map<String, Integer> SPILLED =
      Map.of("LINE_BACKWARD 75", 368, "LINE_BACKWARD 80", 428, "LINE_DELTA 120", 44);

  @Test
  void fewKernelsSpillRegistersOrUseAStack() throws IOException {
    for (Row row : rows()) {
      int spilled = SPILLED.getOrDefault(row.kernel + " " + row.architecture, 0);
      assertTrue(row.spilled <= spilled, row::toString);
      assertTrue(row.stack <= spilled, row::toString);
    }
  }

  @Test
  void kernelsOfLinesLeaveRoomForAllTheirThreads() throws IOException {
    for (Row row : rows()) {
      if (row.kernel.takesLines()) {
        boolean tokens = row.kernel == Kernel.LINE_APPLY || row.kernel == Kernel.LINE_BACKWARD;
        int most = tokens ? MOST_REGISTERS_OF_TOKENS : MOST_REGISTERS_OF_ROWS;
        assertTrue(row.registers <= most, row::toString);
        assertEquals(0, row.shared, row::toString);
      }
    }
  }
}
