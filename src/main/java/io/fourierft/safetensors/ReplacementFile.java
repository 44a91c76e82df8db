package io.fourierft.safetensors;

import io.fourierft.internal.files.WriteBehind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A temporary file beside the one that it shall replace. Renaming keeps the old file whole for
 * whoever has it mapped, and for everyone if the writing fails.
 */
final class ReplacementFile implements WriterTarget {
  private final Path target;
  private final Path temporary;
  private final FileChannel channel;
  private final WriteBehind behind;
  private boolean committed;

  /** Takes over a channel that is open on {@code temporary}. */
  ReplacementFile(Path target, Path temporary, FileChannel channel) {
    this.target = target;
    this.temporary = temporary;
    this.channel = channel;
    this.behind = new WriteBehind(channel);
  }

  /** Opens a new, empty temporary file in {@code target}'s folder, which must exist. */
  static ReplacementFile create(Path target) throws IOException {
    if (target.getFileName() == null) {
      throw new SafetensorsException(target, null, "this is no name of a file to write");
    }
    while (true) {
      String suffix = Long.toHexString(ThreadLocalRandom.current().nextLong());
      // Without the target's name, which may be as long as a name can be, or no text here.
      Path temporary = target.resolveSibling(".fourierft-" + suffix + ".partial");
      try {
        // Not Files.createTempFile, which would make the result readable by its owner alone.
        FileChannel channel =
            FileChannel.open(
                temporary,
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        return new ReplacementFile(target, temporary, channel);
      } catch (FileAlreadyExistsException another) {
        // Another writer drew the same number.
      }
    }
  }

  @Override
  public Path target() {
    return target;
  }

  @Override
  public FileChannel channel() {
    return channel;
  }

  @Override
  public void wrote(long bytes) {
    behind.wrote(bytes);
  }

  /**
   * Forces the bytes to the device if asked, and puts the file in the target's place, in one step.
   */
  @Override
  public void commit(boolean force) throws IOException {
    behind.close();
    if (force) {
      channel.force(true);
    }
    channel.close();
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    committed = true;
  }

  /** Deletes the temporary file unless it was committed. */
  @Override
  public void close() throws IOException {
    if (committed) {
      return;
    }
    try {
      behind.close();
    } finally {
      try {
        channel.close();
      } finally {
        Files.deleteIfExists(temporary);
      }
    }
  }
}
