package io.fourierft.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.watched.WatchedFileSystem;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A device that is full or fails while a file is written to it. */
class SafetensorsWriterFaultsTest {
  private static final TensorDeclaration A = new TensorDeclaration("a", DType.U8, List.of(3L));

  @TempDir Path folder;
  private Path target;

  @BeforeEach
  void nameTheTarget() {
    target = folder.resolve("model.safetensors");
  }

  private List<String> filesLeft() throws IOException {
    try (var list = Files.list(folder)) {
      return list.map(path -> String.valueOf(path.getFileName())).sorted().toList();
    }
  }

  @Test
  void aDeviceThatIsFullIsReportedWithFileAndTensor() throws IOException {
    Path full = Path.of("/dev/full");
    Assumptions.assumeTrue(Files.exists(full), "there is no /dev/full here");
    Path temporary = Files.createFile(folder.resolve("temporary"));
    var file =
        new ReplacementFile(target, temporary, FileChannel.open(full, StandardOpenOption.WRITE));
    var failure =
        assertThrows(
            IOException.class, () -> SafetensorsWriter.start(file, Map.of(), List.of(A)).close());
    String message = String.valueOf(failure.getMessage());
    assertTrue(message.startsWith(target + ": writing the header failed: "), message);
    assertEquals(List.of(), filesLeft());
  }

  @Test
  void aDiskThatFillsWithinATensorLeavesTheTargetAsItWas() throws IOException {
    Files.writeString(target, "as it was");
    Path temporary = folder.resolve("temporary");
    FileChannel channel =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    var small = new TensorDeclaration("small", DType.U8, List.of(1000L));
    var large = new TensorDeclaration("large", DType.U8, List.of(1L << 21));
    var limited = new LimitedFileChannel(channel, 1 << 20);
    try (var writer =
        SafetensorsWriter.start(
            new ReplacementFile(target, temporary, limited), Map.of(), List.of(small, large))) {
      writer.write("small", MemorySegment.ofArray(new byte[1000]));
      var failure =
          assertThrows(
              IOException.class,
              () -> writer.write("large", MemorySegment.ofArray(new byte[1 << 21])));
      String message = String.valueOf(failure.getMessage());
      assertTrue(message.startsWith(target + ": writing tensor 'large' failed: "), message);
      assertTrue(message.contains("No space left"), message);
      assertThrows(
          IllegalStateException.class,
          () -> writer.write("large", MemorySegment.ofArray(new byte[1 << 21])));
      assertThrows(IllegalStateException.class, writer::commit);
    }
    assertEquals("as it was", Files.readString(target));
    assertEquals(List.of("model.safetensors"), filesLeft());
  }

  /** The system tells of such an error once, and nobody who forces the file later would know. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anErrorOfTheDeviceMeanwhileIsThrownByTheCommit(boolean force) throws Exception {
    Files.writeString(target, "as it was");
    CountDownLatch failed = new CountDownLatch(1);
    var broken =
        new WatchedFileSystem(
            (operation, path) -> {
              if (operation.equals("force") && failed.getCount() > 0) {
                failed.countDown();
                throw new IOException("the device is broken");
              }
            });
    var file = ReplacementFile.create(broken.watch(target));
    try (var writer = SafetensorsWriter.start(file, Map.of(), List.of(A))) {
      writer.write("a", MemorySegment.ofArray(new byte[(int) A.sizeInBytes()]));
      // As if it were a large file.
      file.wrote(1L << 32);
      assertTrue(failed.await(30, TimeUnit.SECONDS), "nothing was forced meanwhile");
      var failure =
          assertThrows(
              IOException.class,
              () -> {
                if (force) {
                  writer.commit();
                } else {
                  writer.commitUnforced();
                }
              });
      assertEquals(target + ": committing it failed: the device is broken", failure.getMessage());
    }
    assertEquals("as it was", Files.readString(target));
    assertEquals(List.of("model.safetensors"), filesLeft());
  }
}
