package io.fourierft.internal.files;

import io.fourierft.FourierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;

/**
 * How large a file was and when it was last changed, by which a later look tells whether it is
 * still the same. A file that is replaced by one of its size within the clock's resolution of the
 * file system is taken for unchanged.
 *
 * @param path the file; behind a link, the file that it leads to is looked at
 * @param sizeInBytes its length
 * @param modified the time of its last change
 */
public record FileStamp(Path path, long sizeInBytes, FileTime modified) {
  /**
   * Looks at a file.
   *
   * @throws IOException if it is missing or cannot be looked at
   */
  public static FileStamp of(Path path) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
    return new FileStamp(path, attributes.size(), attributes.lastModifiedTime());
  }

  /**
   * Refuses a file that has changed since.
   *
   * @throws FourierException saying what was and what is
   */
  public void requireUnchanged() throws IOException {
    FileStamp now;
    try {
      now = of(path);
    } catch (NoSuchFileException e) {
      throw new FourierException(
          path + " was removed while it was being read; run again when its files are at rest", e);
    }
    if (!now.equals(this)) {
      throw new FourierException(
          ("%s changed while it was being read: it had %d bytes of %s and now has %d of %s; run"
                  + " again when its files are at rest")
              .formatted(path, sizeInBytes, modified, now.sizeInBytes, now.modified));
    }
  }
}
