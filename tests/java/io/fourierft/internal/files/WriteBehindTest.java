package io.fourierft.internal.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.watched.FileWatcher;
import io.fourierft.watched.WatchedFileSystem;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Pieces of a file are forced to the device while more are written, and an error is told once. */
@Timeout(60)
final class WriteBehindTest {
  private static final long PIECE = 1000;

  @TempDir Path folder;
  private final Semaphore forced = new Semaphore(0);

  /** A file whose {@code force} is told to {@code watcher} and counted. */
  private FileChannel open(FileWatcher watcher) throws IOException {
    FileWatcher counting =
        (operation, path) -> {
          if (operation.equals("force")) {
            watcher.before(operation, path);
            forced.release();
          }
        };
    return FileChannel.open(
        new WatchedFileSystem(counting).watch(folder.resolve("file")),
        StandardOpenOption.CREATE,
        StandardOpenOption.WRITE);
  }

  @Test
  void eachPieceIsForcedWhileTheFileIsOpen() throws Exception {
    try (FileChannel channel = open(FileWatcher.NONE);
        WriteBehind behind = new WriteBehind(channel, PIECE)) {
      for (int piece = 0; piece < 3; piece++) {
        behind.wrote(PIECE - 1);
        assertEquals(0, forced.availablePermits(), "there is no whole piece yet");
        behind.wrote(1);
        assertTrue(forced.tryAcquire(30, TimeUnit.SECONDS), "piece " + piece);
      }
    }
    assertEquals(0, forced.availablePermits());
  }

  @Test
  void anErrorOfTheDeviceIsThrownByTheNextCloseAlone() throws Exception {
    IOException broken = new IOException("the device is broken");
    try (FileChannel channel =
        open(
            (operation, path) -> {
              throw broken;
            })) {
      WriteBehind behind = new WriteBehind(channel, PIECE);
      behind.wrote(PIECE);
      // Whether or not its thread is still there.
      behind.wrote(PIECE);
      assertEquals(broken, assertThrows(IOException.class, () -> closeOnceSent(behind)));
      behind.close();
    }
  }

  /** What is not yet begun when a file is closed is not begun any more: the test waits for it. */
  private static void closeOnceSent(WriteBehind behind) throws Exception {
    while (Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals("fourierft-write-behind"))) {
      Thread.sleep(1);
    }
    behind.close();
  }

  @Test
  void closingWaitsForWhatIsUnderWay() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    try (FileChannel channel =
        open(
            (operation, path) -> {
              begun.countDown();
              try {
                goOn.await();
              } catch (InterruptedException e) {
                throw new IOException(e);
              }
            })) {
      WriteBehind behind = new WriteBehind(channel, PIECE);
      behind.wrote(PIECE);
      assertTrue(begun.await(30, TimeUnit.SECONDS));
      Thread closing =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      behind.close();
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                  });
      assertFalse(closing.join(java.time.Duration.ofMillis(100)), "closed under the force");
      goOn.countDown();
      closing.join();
      assertEquals(1, forced.availablePermits());
    }
  }
}
