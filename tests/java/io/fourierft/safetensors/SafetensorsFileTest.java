package io.fourierft.safetensors;

import static io.fourierft.safetensors.FileBytes.entry;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.fourierft.PeftFixture;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFileTest {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @TempDir Path folder;

  private Path mebibyte() throws IOException {
    String header = "{" + entry("w", "U8", "[1048576]", 0, 1 << 20) + "}";
    return FileBytes.write(folder, "mebibyte.safetensors", FileBytes.of(header, 1 << 20));
  }

  @Test
  void everyTensorHasItsOwnBytes() throws IOException {
    String header =
        "{" + entry("a", "U8", "[3]", 0, 3) + "," + entry("b", "F32", "[1]", 3, 7) + "}";
    Path path = FileBytes.write(folder, "model.safetensors", FileBytes.of(header, 7));
    try (var file = SafetensorsFile.open(path)) {
      byte[] expected = {3, 4, 5, 6};
      assertArrayEquals(expected, file.data("b").toArray(ValueLayout.JAVA_BYTE));
      float value = file.read("b", data -> data.get(FLOAT, 0));
      assertEquals(Float.intBitsToFloat(0x06050403), value);
      byte[] middle = new byte[2];
      file.copy("a", 1, MemorySegment.ofArray(middle));
      assertArrayEquals(new byte[] {1, 2}, middle);
      assertEquals(new TensorInfo("b", DType.F32, List.of(1L), 3, 7), file.tensor("b"));
      assertTrue(file.data("a").isReadOnly());
      assertTrue(file.find("c").isEmpty());
      var unknown = assertThrows(SafetensorsException.class, () -> file.data("c"));
      assertEquals("c", unknown.tensor());
    }
  }

  @Test
  void aFileWithoutDataIsMapped() throws IOException {
    String header = "{" + entry("e", "F32", "[0]", 0, 0) + "}";
    Path path = FileBytes.write(folder, "model.safetensors", FileBytes.of(header, 0));
    try (var file = SafetensorsFile.open(path)) {
      assertEquals(0, file.data("e").byteSize());
    }
  }

  @Test
  void aFixtureOfTheReferenceWriterIsRead() throws IOException {
    Path path = PeftFixture.cases().resolve("conv1d_gpt2/adapter/adapter_model.safetensors");
    try (var file = SafetensorsFile.open(path)) {
      assertEquals(Map.of("format", "pt"), file.metadata());
      assertFalse(file.tensors().isEmpty());
      for (TensorInfo tensor : file.tensors().values()) {
        assertTrue(tensor.name().endsWith(".fourierft_spectrum"), tensor.name());
        assertEquals(DType.F32, tensor.dtype());
        assertEquals(1, tensor.shape().size());
        float first = file.read(tensor.name(), data -> data.get(FLOAT, 0));
        assertTrue(Float.isFinite(first) && first != 0, () -> tensor.name() + " " + first);
      }
    }
  }

  @Test
  void everyFixtureIsValid() throws IOException {
    List<Path> paths;
    try (var walk = Files.walk(PeftFixture.cases())) {
      paths = walk.filter(path -> path.toString().endsWith(".safetensors")).toList();
    }
    assertTrue(paths.size() > 20, () -> "only " + paths);
    for (Path path : paths) {
      try (var file = SafetensorsFile.open(path)) {
        assertTrue(file.dataSizeInBytes() > 0, path.toString());
      }
    }
  }

  @Test
  void aGitLfsPointerIsNamedAsOne() throws IOException {
    String pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0".repeat(64) + "\nsize 123\n";
    Path path = Files.writeString(folder.resolve("model.safetensors"), pointer);
    var refusal =
        assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(path).close());
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains("git-LFS pointer") && message.contains("git lfs pull"), message);
  }

  @Test
  void aFolderOrAMissingFileIsNamed() {
    var refusal =
        assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(folder).close());
    assertTrue(refusal.rule().contains("folder"), refusal.rule());
    Path missing = folder.resolve("missing.safetensors");
    var failure = assertThrows(IOException.class, () -> SafetensorsFile.open(missing).close());
    assertTrue(String.valueOf(failure.getMessage()).contains(missing.toString()));
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "no POSIX permissions")
  void anUnreadableFileIsNamed() throws IOException {
    Path path = mebibyte();
    assertTrue(path.toFile().setReadable(false), "cannot take the permission away");
    assumeFalse(Files.isReadable(path), "this user may read every file");
    var failure = assertThrows(IOException.class, () -> SafetensorsFile.open(path).close());
    assertTrue(String.valueOf(failure.getMessage()).contains(path.toString()));
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a mapped file cannot be truncated")
  void aFileTruncatedBeforeAReadIsRefused() throws IOException {
    Path path = mebibyte();
    try (var file = SafetensorsFile.open(path)) {
      truncate(path, 4096);
      var refusal =
          assertThrows(
              SafetensorsException.class, () -> file.read("w", data -> data.get(FLOAT, 0)));
      assertTruncated(refusal, path);
    }
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a mapped file cannot be truncated")
  void aFileTruncatedDuringAReadIsRefused() throws IOException {
    Path path = mebibyte();
    try (var file = SafetensorsFile.open(path)) {
      var refusal =
          assertThrows(
              SafetensorsException.class,
              () ->
                  file.read(
                      "w",
                      data -> {
                        truncate(path, 4096);
                        return data.get(ValueLayout.JAVA_BYTE, data.byteSize() - 1);
                      }));
      assertTruncated(refusal, path);
      assertTrue(refusal.getCause() instanceof InternalError, () -> "" + refusal.getCause());
    }
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a mapped file cannot be truncated")
  void zerosOfAPageThatWasCutAreNotBelieved() throws IOException {
    Path path = mebibyte();
    try (var file = SafetensorsFile.open(path)) {
      long almostAll = Files.size(path) - 1;
      var refusal =
          assertThrows(
              SafetensorsException.class,
              () ->
                  file.read(
                      "w",
                      data -> {
                        truncate(path, almostAll);
                        return data.get(ValueLayout.JAVA_BYTE, 0);
                      }));
      assertTruncated(refusal, path);
    }
  }

  @Test
  void whatTheReadingThrowsComesOutUnchanged() throws IOException {
    try (var file = SafetensorsFile.open(mebibyte())) {
      IOException own = new IOException("own");
      var thrown =
          assertThrows(
              IOException.class,
              () ->
                  file.<Object, IOException>read(
                      "w",
                      data -> {
                        throw own;
                      }));
      assertEquals(own, thrown);
      InternalError error = new InternalError("own");
      var unrelated =
          assertThrows(
              InternalError.class,
              () ->
                  file.read(
                      "w",
                      data -> {
                        throw error;
                      }));
      assertEquals(error, unrelated);
    }
  }

  private static void assertTruncated(SafetensorsException refusal, Path path) {
    assertEquals("w", refusal.tensor());
    assertEquals(path, refusal.path());
    assertTrue(refusal.rule().contains("truncated while it was mapped"), refusal.rule());
  }

  private static void truncate(Path path, long length) {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void useAfterCloseIsRefusedAndClosingAgainDoesNothing() throws IOException {
    var file = SafetensorsFile.open(mebibyte());
    MemorySegment slice = file.data("w");
    file.close();
    file.close();
    var read =
        assertThrows(SafetensorsException.class, () -> file.read("w", MemorySegment::byteSize));
    assertTrue(read.rule().contains("closed") && "w".equals(read.tensor()), read.rule());
    assertThrows(SafetensorsException.class, () -> file.data("w"));
    assertThrows(
        SafetensorsException.class, () -> file.copy("w", 0, MemorySegment.ofArray(new byte[1])));
    assertThrows(IllegalStateException.class, () -> slice.get(ValueLayout.JAVA_BYTE, 0));
    assertEquals(1, file.tensors().size());
  }

  @Test
  void aReadThatHasBegunOutlivesTheClosing() throws IOException {
    var file = SafetensorsFile.open(mebibyte());
    byte last =
        file.<Byte, IOException>read(
            "w",
            data -> {
              file.close();
              assertThrows(SafetensorsException.class, () -> file.data("w"));
              return data.get(ValueLayout.JAVA_BYTE, data.byteSize() - 1);
            });
    assertEquals((byte) ((1 << 20) - 1), last);
  }

  @Test
  void manyThreadsReadWhileOneCloses()
      throws IOException, InterruptedException, ExecutionException {
    var file = SafetensorsFile.open(mebibyte());
    int readers = 4;
    CountDownLatch started = new CountDownLatch(readers);
    try (ExecutorService threads = Executors.newFixedThreadPool(readers)) {
      List<Future<Integer>> results = new ArrayList<>();
      for (int i = 0; i < readers; i++) {
        results.add(threads.submit(() -> readUntilClosed(file, started)));
      }
      started.await();
      file.close();
      for (Future<Integer> result : results) {
        assertTrue(result.get() >= 1);
      }
    }
  }

  private static int readUntilClosed(SafetensorsFile file, CountDownLatch started) {
    int reads = 0;
    while (true) {
      try {
        byte value = file.read("w", data -> data.get(ValueLayout.JAVA_BYTE, 777));
        assertEquals((byte) 777, value);
      } catch (SafetensorsException closed) {
        assertTrue(closed.rule().contains("closed"), closed.rule());
        return reads;
      }
      if (reads++ == 0) {
        started.countDown();
      }
    }
  }

  @Test
  void anInterruptedThreadReadsOn() throws IOException {
    try (var file = SafetensorsFile.open(mebibyte())) {
      Thread.currentThread().interrupt();
      byte value;
      try {
        value = file.read("w", data -> data.get(ValueLayout.JAVA_BYTE, 5));
      } finally {
        assertTrue(Thread.interrupted());
      }
      assertEquals(5, value);
    }
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "files are not sparse by themselves")
  void anElementNearTheEndOfThreeGibibytesIsRead() throws IOException {
    long elements = 900_000_000L;
    String header = "{" + entry("w", "F32", "[900000,1000]", 0, 4 * elements) + "} ";
    byte[] bytes = header.getBytes(StandardCharsets.UTF_8);
    Path path = folder.resolve("sparse.safetensors");
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.write(FileBytes.withLength(bytes.length, bytes));
      long end = 8 + bytes.length + 4 * elements;
      sparse.setLength(end);
      sparse.seek(end - 8);
      sparse.writeInt(Integer.reverseBytes(Float.floatToRawIntBits(2.5f)));
    }
    assertTrue(Files.size(path) > 3L << 30);
    try (var file = SafetensorsFile.open(path)) {
      assertEquals(elements, file.tensor("w").elementCount());
      float value = file.read("w", data -> data.get(FLOAT, 4 * (elements - 2)));
      assertEquals(2.5f, value);
    }
  }
}
