package io.fourierft.internal.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One run's temporary folder, and the lock that says that the run is alive. {@code
 * docs/reliability.md} has the protocol: the lock file is made first and removed last, nothing of
 * an id is touched without its lock, and nothing is deleted before it has been renamed.
 *
 * <p>Used by one thread at a time.
 */
final class OutputClaim {
  private final OutputNames names;
  private final FolderKind kind;
  private final OpenOutputs open;
  private final String id;
  private final LockFile lock;

  private OutputClaim(
      OutputNames names, FolderKind kind, OpenOutputs open, String id, LockFile lock) {
    this.names = names;
    this.kind = kind;
    this.open = open;
    this.id = id;
    this.lock = lock;
  }

  /** Makes a new, empty temporary folder that no other run takes for abandoned. */
  static OutputClaim take(OutputNames names, FolderKind kind, OpenOutputs open) throws IOException {
    while (true) {
      OutputClaim claim = tryToTake(names, kind, open);
      if (claim != null) {
        return claim;
      }
    }
  }

  private static @Nullable OutputClaim tryToTake(
      OutputNames names, FolderKind kind, OpenOutputs open) throws IOException {
    String id = OutputNames.newId();
    open.add(id);
    LockFile lock = null;
    try {
      lock = LockFile.tryToTake(names.path(id, OutputNames.LOCK), StandardOpenOption.CREATE_NEW);
      if (lock == null) {
        open.remove(id);
        return null;
      }
      Files.createDirectory(names.path(id, OutputNames.PARTIAL));
      return new OutputClaim(names, kind, open, id, lock);
    } catch (Throwable e) {
      try (LockFile _ = lock) {
        open.remove(id);
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /** The temporary folder. */
  Path folder() {
    return names.path(id, OutputNames.PARTIAL);
  }

  /** Where to move what has the target's name. */
  Path replaced() {
    return names.path(id, OutputNames.REPLACED);
  }

  /**
   * Deletes something of this run: first renamed, so that it is never found half under its name.
   */
  void discard(Path path) throws IOException {
    discard(path, names, id);
  }

  /** Gives the target its name again, unless something else has it by now. */
  void putBack() throws IOException {
    try {
      Files.move(replaced(), names.target(), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      if (!FileTree.exists(names.target())) {
        throw e;
      }
    }
  }

  /**
   * Ends the claim of a run whose output has its name: whatever else is there is superseded.
   *
   * @return what could not be removed and why; the next run for this target tries again
   */
  List<String> complete() {
    List<String> notes = new ArrayList<>();
    try {
      for (Path old : List.of(folder(), replaced())) {
        discard(old);
      }
    } catch (IOException e) {
      notes.add(leftBehind(names, e));
    }
    notes.addAll(release());
    return notes;
  }

  /**
   * Ends the claim of a run that wrote nothing.
   *
   * @return what could not be removed and why; the next run for this target tries again
   */
  List<String> release() {
    List<String> notes = new ArrayList<>();
    try {
      clear(names, kind, id, notes);
    } catch (IOException e) {
      notes.add(leftBehind(names, e));
    }
    try {
      lock.close();
    } catch (IOException e) {
      notes.add(leftBehind(names, e));
    }
    open.remove(id);
    return notes;
  }

  /**
   * Clears away what runs for this target left that ended before their time, and puts back a folder
   * that one had moved away and not yet replaced. Whatever fails is told and left for the next run.
   *
   * @return what was found that a user should know
   */
  static List<String> clearAbandoned(OutputNames names, FolderKind kind, OpenOutputs open)
      throws IOException {
    List<String> notes = new ArrayList<>();
    for (String id : names.ids()) {
      if (open.add(id)) {
        try {
          clearUnlessAlive(names, kind, id, notes);
        } catch (IOException e) {
          notes.add(leftBehind(names, e));
        } finally {
          open.remove(id);
        }
      }
    }
    return notes;
  }

  private static void clearUnlessAlive(
      OutputNames names, FolderKind kind, String id, List<String> notes) throws IOException {
    Path lock = names.path(id, OutputNames.LOCK);
    try (FileChannel channel = LockFile.open(lock)) {
      // The lock is made first and removed last: where it is not, whoever had it has ended.
      if (channel == null || isFree(channel, lock, names, notes)) {
        clear(names, kind, id, notes);
        Files.deleteIfExists(lock);
      }
    }
  }

  /** Removes all of an id but its lock, which the caller holds. */
  private static void clear(OutputNames names, FolderKind kind, String id, List<String> notes)
      throws IOException {
    putBackOrDiscard(names, kind, id, notes);
    discard(names.path(id, OutputNames.PARTIAL), names, id);
    for (Path left : names.discardedOf(id)) {
      FileTree.delete(left);
    }
  }

  /** What had the target's name gets it again if nothing else has it; else it has been replaced. */
  private static void putBackOrDiscard(
      OutputNames names, FolderKind kind, String id, List<String> notes) throws IOException {
    Path replaced = names.path(id, OutputNames.REPLACED);
    if (!FileTree.exists(replaced)) {
      return;
    }
    try {
      // This fails if the name stands for anything but an empty folder.
      Files.move(replaced, names.target(), StandardCopyOption.ATOMIC_MOVE);
      notes.add(
          "%s had been moved away by a run that was stopped; it was put back"
              .formatted(names.target()));
    } catch (NoSuchFileException e) {
      // Somebody else has done it.
    } catch (IOException e) {
      if (!FileTree.exists(names.target())) {
        throw e;
      }
      keepWhatStays(replaced, names, kind);
      discard(replaced, names, id);
    }
  }

  /** What stays of a replaced folder and is not in the new one by now goes there. */
  private static void keepWhatStays(Path replaced, OutputNames names, FolderKind kind)
      throws IOException {
    for (Path child : FileTree.children(replaced)) {
      Path there = names.target().resolve(child.getFileName());
      if (kind.stays(child) && !FileTree.exists(there)) {
        Files.move(child, there, StandardCopyOption.ATOMIC_MOVE);
      }
    }
  }

  /** Whether nobody is at work there; if so the lock is held now, until the channel is closed. */
  private static boolean isFree(
      FileChannel channel, Path lock, OutputNames names, List<String> notes) {
    LockFile.Holder holder = LockFile.holder(channel);
    if (holder == LockFile.Holder.UNKNOWN) {
      notes.add(
          "%s shows another run for %s, and this file system has no locks to tell whether it is still at work; remove it, and the folder of the same name, if none is"
              .formatted(lock, names.target()));
    }
    return holder == LockFile.Holder.NONE;
  }

  private static void discard(Path path, OutputNames names, String id) throws IOException {
    Path discarded = names.discarded(id);
    try {
      Files.move(path, discarded, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      return;
    }
    FileTree.delete(discarded);
  }

  private static String leftBehind(OutputNames names, IOException e) {
    return "something that was replaced or abandoned could not be removed from beside %s (%s); the next run for that name tries again"
        .formatted(
            names.target(), e instanceof FileSystemException ? e.getMessage() : e.toString());
  }
}
