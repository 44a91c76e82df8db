package io.fourierft.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ChildJvm;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hostile headers do not fill a heap of 256 MiB: each is refused with a reason of ours. */
class SmallHeapTest {
  @TempDir Path folder;

  @Test
  void hostileHeadersAreRefusedInASmallHeap() throws Exception {
    try (ChildJvm child =
        ChildJvm.start("", List.of("-Xmx256m", "-XX:+UseSerialGC"), SmallHeap.class, folder)) {
      String output = child.finish();
      assertEquals(0, child.waitFor(), output);
      List<String> lines = output.lines().filter(line -> !line.startsWith("WARNING")).toList();
      assertEquals(12, lines.size(), output);
      assertTrue(lines.get(0).matches("offsets: .*data_offsets has \\d{8} numbers, not 2"), output);
      assertTrue(
          lines.get(1).matches("dimensions: .*shape has \\d{8} numbers, more than 1024 .*"),
          output);
      assertTrue(lines.get(2).startsWith("name: invalid JSON in header: Name length"), output);
      assertTrue(lines.get(3).startsWith("value: invalid JSON in header: String value"), output);
      String heap = "the header needs more than a quarter of the heap, ";
      assertTrue(lines.get(4).startsWith("unknown: " + heap), output);
      assertTrue(lines.get(5).startsWith("integer: invalid JSON in header: "), output);
      assertTrue(lines.get(6).startsWith("fraction: invalid JSON in header: "), output);
      assertTrue(lines.get(7).startsWith("tensors: " + heap), output);
      assertTrue(lines.get(8).startsWith("index: the index needs more than a quarter"), output);
      assertTrue(lines.get(9).startsWith("total_size: invalid JSON in index: "), output);
      assertTrue(lines.get(10).startsWith("locations: n_frequency is 2147483647"), output);
      assertEquals("all ended", lines.get(11));
    }
  }
}
