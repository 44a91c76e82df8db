package io.fourierft.internal.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is done to a folder and all that is in it; links in it are never followed. */
final class FileTree {
  private FileTree() {}

  /**
   * Whether anything has that name, be it a link that leads nowhere. Unlike {@link Files#exists}, a
   * disk that does not answer is not taken for an absent file.
   */
  static boolean exists(Path path) throws IOException {
    return attributes(path) != null;
  }

  private static @Nullable BasicFileAttributes attributes(Path path) throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /** Removes it; nothing happens where nothing is. */
  static void delete(Path root) throws IOException {
    if (!exists(root)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            // Somebody else deletes it as well.
            if (failure instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Forces every file and folder to the device. */
  static void flush(Path root) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (attributes.isRegularFile()) {
              flushFile(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            flushFolder(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static void flushFile(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(file + ": forcing it to the device failed: " + e.getMessage(), e);
    }
  }

  /** Forces the names in a folder to the device, where the system can: not all open a folder. */
  static void flushFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException | UnsupportedOperationException e) {
      // Windows opens no folders, and some networks force none; their names are then as safe as
      // the system makes them by itself.
    }
  }

  /**
   * Makes {@code copy} hold what {@code original} does: the same files under a second name where
   * the file system can, copies where it cannot. Nothing of {@code original} changes.
   */
  static void linkOrCopy(Path original, Path copy) throws IOException {
    BasicFileAttributes attributes = attributes(original);
    if (attributes == null) {
      throw new NoSuchFileException(original.toString());
    }
    if (!attributes.isDirectory()) {
      linkOrCopyFile(original, copy);
      return;
    }
    Files.createDirectory(copy);
    for (Path child : children(original)) {
      linkOrCopy(child, copy.resolve(child.getFileName()));
    }
  }

  /** What is in a folder. */
  static List<Path> children(Path folder) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> children = Files.newDirectoryStream(folder)) {
      children.forEach(found::add);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return found;
  }

  private static void linkOrCopyFile(Path original, Path copy) throws IOException {
    try {
      Files.createLink(copy, original);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException | UnsupportedOperationException noLinks) {
      Files.copy(original, copy, StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
    }
  }
}
