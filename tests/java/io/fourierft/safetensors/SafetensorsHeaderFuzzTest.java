package io.fourierft.safetensors;

import static io.fourierft.safetensors.FileBytes.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random damage to valid files: they are read rightly or refused, and nothing else happens. */
class SafetensorsHeaderFuzzTest {
  private static final long SEED = 20240611;
  private static final int ROUNDS = 6000;
  private static final long MOST_ALLOCATED_BYTES = 2 << 20;

  private static final List<String> FRAGMENTS =
      List.of(
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\"",
          "\\",
          "\\u0000",
          "\\ud800",
          "0",
          "-1",
          "1e9",
          "4.0",
          "18446744073709551615",
          "18446744073709551616",
          "9223372036854775807",
          "null",
          "true",
          "\"dtype\"",
          "\"shape\"",
          "\"data_offsets\"",
          "\"__metadata__\"",
          "\"F4\"",
          "\"F64\"",
          "\0",
          "\n",
          "/*",
          "\ufeff",
          "[".repeat(200),
          "{\"a\":".repeat(150));

  private static final List<byte[]> SEEDS =
      List.of(
          FileBytes.of("{}", 0),
          FileBytes.of(
              "{\"__metadata__\":{\"format\":\"pt\"}," + entry("a", "U8", "[4]", 0, 4) + "}", 4),
          FileBytes.of(
              "{"
                  + entry("w", "F32", "[2,3]", 0, 24)
                  + ","
                  + entry("e", "BF16", "[0,9]", 24, 24)
                  + ","
                  + entry("f", "F4", "[2]", 24, 25)
                  + ","
                  + entry("s", "I64", "[]", 25, 33)
                  + "}   ",
              33));

  @TempDir Path folder;

  @Test
  void onlyTheLibrarysOwnExceptionsComeOut() throws IOException {
    Random random = new Random(SEED);
    Path path = folder.resolve("fuzzed.safetensors");
    ThreadMXBean memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int accepted = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] bytes = SEEDS.get(random.nextInt(SEEDS.size()));
      for (int damage = random.nextInt(3); damage >= 0; damage--) {
        bytes = damaged(bytes, random);
      }
      Files.write(path, bytes);
      long before = memory.getCurrentThreadAllocatedBytes();
      try (var file = SafetensorsFile.open(path)) {
        accepted++;
        requireConsistent(file, bytes);
      } catch (SafetensorsException expected) {
        assertTrue(String.valueOf(expected.getMessage()).contains("fuzzed.safetensors"));
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + SEED + ", round " + round, e);
      }
      long allocated = memory.getCurrentThreadAllocatedBytes() - before;
      assertTrue(allocated < MOST_ALLOCATED_BYTES, "round " + round + ": " + allocated);
    }
    int valid = accepted;
    assertTrue(valid > ROUNDS / 100 && valid < ROUNDS, () -> "accepted " + valid);
  }

  private static void requireConsistent(SafetensorsFile file, byte[] bytes) {
    long covered = 0;
    for (TensorInfo tensor : file.tensors().values()) {
      assertEquals(covered, tensor.begin());
      assertEquals(tensor.sizeInBytes(), tensor.dtype().sizeInBytes(tensor.elementCount()));
      assertEquals(tensor.sizeInBytes(), file.data(tensor.name()).byteSize());
      covered = tensor.end();
    }
    assertTrue(covered <= bytes.length - 8);
    assertEquals(covered, file.dataSizeInBytes());
  }

  private static byte[] damaged(byte[] bytes, Random random) {
    int at = random.nextInt(bytes.length + 1);
    byte[] fragment =
        FRAGMENTS.get(random.nextInt(FRAGMENTS.size())).getBytes(StandardCharsets.UTF_8);
    boolean keepsLength = random.nextInt(4) != 0;
    byte[] changed =
        switch (random.nextInt(6)) {
          case 0 ->
              splice(
                  bytes,
                  at,
                  Math.min(1, bytes.length - at),
                  new byte[] {(byte) random.nextInt(256)});
          case 1 -> splice(bytes, at, Math.min(random.nextInt(8), bytes.length - at), new byte[0]);
          case 2 -> splice(bytes, at, 0, fragment);
          case 3 -> splice(bytes, at, Math.min(fragment.length, bytes.length - at), fragment);
          case 4 -> splice(bytes, at, 0, slice(bytes, random));
          default ->
              splice(
                  bytes,
                  at,
                  Math.min(1, bytes.length - at),
                  new byte[] {(byte) ('0' + random.nextInt(10))});
        };
    if (keepsLength && changed.length >= 8 && bytes.length >= 8 && at >= 8) {
      // Let the length follow, so that the damage reaches the parser.
      long length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
      if (at <= length + 8) {
        ByteBuffer.wrap(changed)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(0, length + changed.length - bytes.length);
      }
    }
    return changed;
  }

  private static byte[] slice(byte[] bytes, Random random) {
    if (bytes.length == 0) {
      return bytes;
    }
    int from = random.nextInt(bytes.length);
    int to = from + random.nextInt(Math.min(80, bytes.length - from) + 1);
    return Arrays.copyOfRange(bytes, from, to);
  }

  private static byte[] splice(byte[] bytes, int at, int removed, byte[] inserted) {
    ByteArrayOutputStream changed = new ByteArrayOutputStream();
    changed.write(bytes, 0, at);
    changed.writeBytes(inserted);
    changed.write(bytes, at + removed, bytes.length - at - removed);
    return changed.toByteArray();
  }
}
