package io.fourierft.internal.files;

import io.fourierft.FourierException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A folder that comes into being whole or not at all. It is filled under a temporary name beside
 * its final one and renamed by {@link #commit}; {@link #close} without a commit removes it.
 *
 * <p>A process that is killed leaves its temporary folder behind, marked by a lock file that nobody
 * holds any more; the next {@link #create} for the same name removes such folders. Used by one
 * thread.
 */
public final class OutputDirectory implements AutoCloseable {
  private static final String LOCK_NAME = ".fourierft-lock";

  private final Path target;
  private final Path temporary;
  private final FileChannel lockFile;
  private final boolean overwrite;
  private final FolderKind kind;
  private boolean open = true;

  private OutputDirectory(
      Path target, Path temporary, FileChannel lockFile, boolean overwrite, FolderKind kind) {
    this.target = target;
    this.temporary = temporary;
    this.lockFile = lockFile;
    this.overwrite = overwrite;
    this.kind = kind;
  }

  /**
   * Checks that {@code target} can be written, cleans up after killed predecessors and makes the
   * temporary folder.
   *
   * @param overwrite whether a folder of that name may be replaced
   * @throws FourierException if the name is taken and {@code overwrite} is false, or it is a file
   */
  public static OutputDirectory create(Path target, boolean overwrite, FolderKind kind)
      throws IOException {
    // A link to a folder stays; the folder behind it is replaced.
    Path absolute =
        Files.isDirectory(target) ? target.toRealPath() : target.toAbsolutePath().normalize();
    Path parent = parentOf(absolute);
    Files.createDirectories(parent);
    removeAbandoned(absolute, kind);
    requireFree(absolute, overwrite, kind);
    Path temporary = parent.resolve(prefix(absolute) + UUID.randomUUID() + ".partial");
    Files.createDirectory(temporary);
    try {
      FileChannel lockFile =
          FileChannel.open(
              temporary.resolve(LOCK_NAME),
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.WRITE);
      lockFile.lock();
      return new OutputDirectory(absolute, temporary, lockFile, overwrite, kind);
    } catch (IOException e) {
      deleteTree(temporary);
      throw e;
    }
  }

  /**
   * Refuses a target that exists and may not be replaced, without touching the disk.
   *
   * @throws FourierException with the remedy
   */
  public static void requireFree(Path target, boolean overwrite, FolderKind kind)
      throws IOException {
    if (Files.exists(target) && !Files.isDirectory(target)) {
      throw new FourierException(target + " is a file; give the name of a folder");
    }
    if (!Files.isDirectory(target) || isEmpty(target)) {
      return;
    }
    if (!kind.matches(target)) {
      throw new FourierException(
          "%s is not empty and does not hold %s, so it is not replaced; give a new or an empty folder"
              .formatted(target, kind.noun()));
    }
    if (!overwrite) {
      throw new FourierException(
          "%s holds %s already; give another name, or allow it to be replaced (--overwrite)"
              .formatted(target, kind.noun()));
    }
  }

  /** Where to write. */
  public Path path() {
    return temporary;
  }

  /** Gives the folder its final name; what had that name is removed. */
  public void commit() throws IOException {
    lockFile.close();
    Files.delete(temporary.resolve(LOCK_NAME));
    Path replaced = null;
    if (Files.exists(target)) {
      requireFree(target, overwrite, kind);
      replaced = parentOf(target).resolve(prefix(target) + UUID.randomUUID() + ".replaced");
      Files.move(target, replaced, StandardCopyOption.ATOMIC_MOVE);
    }
    try {
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      if (replaced != null) {
        Files.move(replaced, target, StandardCopyOption.ATOMIC_MOVE);
      }
      throw e;
    }
    open = false;
    if (replaced != null) {
      dispose(replaced, target, kind);
    }
  }

  @Override
  public void close() throws IOException {
    if (open) {
      open = false;
      lockFile.close();
      deleteTree(temporary);
    }
  }

  private static Path parentOf(Path absolute) {
    Path parent = absolute.getParent();
    if (parent == null) {
      throw new FourierException(absolute + " cannot be an output folder; name one below it");
    }
    return parent;
  }

  private static String prefix(Path target) {
    return "." + target.getFileName() + ".fourierft-";
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      return !entries.iterator().hasNext();
    }
  }

  /** Ends a replacement: what stays of the old folder moves to the new one, the rest goes. */
  private static void dispose(Path old, Path target, FolderKind kind) throws IOException {
    try (DirectoryStream<Path> children = Files.newDirectoryStream(old)) {
      for (Path child : children) {
        Path there = target.resolve(child.getFileName());
        if (kind.stays(child) && !Files.exists(there, LinkOption.NOFOLLOW_LINKS)) {
          Files.move(child, there, StandardCopyOption.ATOMIC_MOVE);
        }
      }
    }
    deleteTree(old);
  }

  /**
   * Removes the temporary folders that killed processes left for this target, and puts back a
   * folder that one had moved away but not yet replaced.
   */
  private static void removeAbandoned(Path target, FolderKind kind) throws IOException {
    String prefix = prefix(target);
    List<Path> partial = new ArrayList<>();
    List<Path> replaced = new ArrayList<>();
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(
            parentOf(target), path -> path.getFileName().toString().startsWith(prefix))) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (name.endsWith(".partial")) {
          partial.add(entry);
        } else if (name.endsWith(".replaced")) {
          replaced.add(entry);
        }
      }
    }
    for (Path entry : replaced) {
      if (Files.exists(target)) {
        dispose(entry, target, kind);
      } else {
        Files.move(entry, target, StandardCopyOption.ATOMIC_MOVE);
      }
    }
    for (Path entry : partial) {
      if (isAbandoned(entry)) {
        deleteTree(entry);
      }
    }
  }

  /** A folder whose lock file is missing or can be locked belongs to no running process. */
  private static boolean isAbandoned(Path folder) throws IOException {
    Path lock = folder.resolve(LOCK_NAME);
    if (!Files.exists(lock)) {
      return true;
    }
    try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE);
        FileLock held = channel.tryLock()) {
      return held != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
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
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
