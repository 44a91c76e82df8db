package io.fourierft.internal.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A file that says that somebody is at work, for as long as a lock of the system's is held on it.
 * It goes when the work ends; of a process that was killed the file stays and the lock does not.
 *
 * <p>Used by one thread at a time.
 */
public final class LockFile implements AutoCloseable {
  private static final String UNLOCKED =
      "This file system has no locks. Only the run that wrote this may remove it and its folder.\n";

  private final Path path;
  private final FileChannel channel;

  private LockFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /**
   * Takes the lock. Where the file system has none, the file says so in words.
   *
   * @param creation {@code CREATE_NEW}, or {@code CREATE} where what a killed process left is taken
   *     over
   * @return null if another holds it, or has removed the file meanwhile
   */
  public static @Nullable LockFile tryToTake(Path path, StandardOpenOption creation)
      throws IOException {
    FileChannel channel = FileChannel.open(path, creation, StandardOpenOption.WRITE);
    try {
      // Another may find the file between its opening and its locking, and clear it away.
      if (lock(channel) && FileTree.exists(path)) {
        return new LockFile(path, channel);
      }
      channel.close();
      return null;
    } catch (Throwable e) {
      try (channel) {
        if (creation == StandardOpenOption.CREATE_NEW) {
          Files.deleteIfExists(path);
        }
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /** Whether the lock is ours, or the file system has none; false if another holds it. */
  private static boolean lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException | UnsupportedOperationException noLocks) {
      channel.write(ByteBuffer.wrap(UNLOCKED.getBytes(StandardCharsets.UTF_8)));
      return true;
    }
  }

  /** Opens what somebody has left, to look at it; null if it is not there. */
  static @Nullable FileChannel open(Path path) throws IOException {
    try {
      return FileChannel.open(path, StandardOpenOption.WRITE);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /** Whether anybody may be at work by a lock file that was opened. */
  enum Holder {
    /** Nobody: the lock is ours now, until the channel is closed. */
    NONE,
    SOMEBODY,
    /** Nobody can tell, since the file system has no locks. */
    UNKNOWN
  }

  static Holder holder(FileChannel opened) {
    try {
      if (opened.size() == 0) {
        return opened.tryLock() != null ? Holder.NONE : Holder.SOMEBODY;
      }
    } catch (OverlappingFileLockException e) {
      return Holder.SOMEBODY;
    } catch (IOException | UnsupportedOperationException noLocks) {
      // As where the lock file itself says that it could not be locked.
    }
    return Holder.UNKNOWN;
  }

  /** Removes the file, then gives up its lock. */
  @Override
  public void close() throws IOException {
    try (channel) {
      Files.deleteIfExists(path);
    }
  }
}
