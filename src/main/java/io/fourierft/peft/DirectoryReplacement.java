package io.fourierft.peft;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A new folder beside an adapter's directory, which takes that directory's place in one rename. The
 * names beside it are fixed, so that a run that was killed is cleaned up, or undone, by the next.
 */
final class DirectoryReplacement implements AutoCloseable {
  private static final List<String> ADAPTER_FILES =
      List.of(FourierFtConfig.FILE_NAME, PeftAdapter.FILE_NAME, "adapter_model.bin");

  private final Path target;
  private final Path folder;
  private final Path old;
  private boolean committed;

  private DirectoryReplacement(Path target, Path folder, Path old) {
    this.target = target;
    this.folder = folder;
    this.old = old;
  }

  /** Checks that {@code directory} may be written, and makes the new folder. */
  static DirectoryReplacement begin(Path directory, boolean overwrite) throws IOException {
    Path target = Files.exists(directory) ? directory.toRealPath() : directory.toAbsolutePath();
    Path name = target.normalize().getFileName();
    if (name == null) {
      throw new PeftException(directory + " cannot be an adapter's directory; give another");
    }
    target = target.normalize();
    Path folder = target.resolveSibling("." + name + ".fourierft-new");
    Path old = target.resolveSibling("." + name + ".fourierft-old");
    recover(target, old);
    requireWritable(target, overwrite);
    deleteTree(folder);
    Files.createDirectories(folder);
    return new DirectoryReplacement(target, folder, old);
  }

  /** Where to write. */
  Path folder() {
    return folder;
  }

  /** Puts the new folder in the target's place, with the target's other files. */
  void commit() throws IOException {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
      try {
        Files.move(folder, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
        throw e;
      }
    } else {
      Files.move(folder, target, StandardCopyOption.ATOMIC_MOVE);
    }
    committed = true;
    recover(target, old);
  }

  /** Deletes the new folder unless it was committed. */
  @Override
  public void close() throws IOException {
    if (!committed) {
      deleteTree(folder);
    }
  }

  /** Ends what a replacement had begun after its first rename. */
  private static void recover(Path target, Path old) throws IOException {
    if (!Files.exists(old)) {
      return;
    }
    if (!Files.exists(target)) {
      Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
      return;
    }
    for (Path child : children(old)) {
      String name = String.valueOf(child.getFileName());
      if (!ADAPTER_FILES.contains(name) && !Files.exists(target.resolve(name))) {
        Files.move(child, target.resolve(name), StandardCopyOption.ATOMIC_MOVE);
      }
    }
    deleteTree(old);
  }

  private static void requireWritable(Path target, boolean overwrite) throws IOException {
    if (!Files.exists(target)) {
      return;
    }
    if (!Files.isDirectory(target)) {
      throw new PeftException(target + " is a file; give a directory to write the adapter to");
    }
    if (children(target).isEmpty()) {
      return;
    }
    if (!Files.exists(target.resolve(FourierFtConfig.FILE_NAME))) {
      throw new PeftException(
          target + " is not empty and holds no adapter; give a new or an empty directory");
    }
    if (!overwrite) {
      throw new PeftException(
          target + " holds an adapter already; allow overwriting or give another directory");
    }
  }

  private static List<Path> children(Path directory) throws IOException {
    List<Path> children = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      stream.forEach(children::add);
    }
    return children;
  }

  private static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
