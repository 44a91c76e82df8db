package io.fourierft.merge;

import io.fourierft.internal.files.WriteBehind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A whole file of the base in an output, by the file system's own means. */
final class FileSharing {
  private static final long PIECE_BYTES = 64 << 20;

  private FileSharing() {}

  /** Links the file where that is asked for and can be done; else the system copies it. */
  static void share(Path from, Path to, UntouchedFiles how) throws IOException {
    if (how == UntouchedFiles.LINKED && link(from.toRealPath(), to)) {
      return;
    }
    copy(from, to);
  }

  private static boolean link(Path from, Path to) throws IOException {
    try {
      Files.createLink(to, from);
      return true;
    } catch (FileSystemException | UnsupportedOperationException noLinks) {
      // Another file of that name is in the copy's way as well.
      return false;
    }
  }

  /** Requests to the system for large pieces, which it may answer by sharing the blocks. */
  private static void copy(Path from, Path to) throws IOException {
    try (FileChannel source = FileChannel.open(from, StandardOpenOption.READ);
        FileChannel target =
            FileChannel.open(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        WriteBehind behind = new WriteBehind(target)) {
      long length = source.size();
      long position = 0;
      while (position < length) {
        long moved = source.transferTo(position, Math.min(PIECE_BYTES, length - position), target);
        if (moved <= 0) {
          throw new IOException(
              "%s: %d of %d bytes were copied to %s; it was cut off meanwhile"
                  .formatted(from, position, length, to));
        }
        behind.wrote(moved);
        position += moved;
      }
    }
  }
}
