package io.fourierft.internal.files;

import io.fourierft.FourierException;
import io.fourierft.internal.files.ffm.RenameExchange;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.function.BiPredicate;

/**
 * A folder that comes into being whole or not at all. It is filled under a temporary name beside
 * its final one, and {@link #commit} gives it that name; {@link #close} without a commit removes
 * it, and so does the end of the virtual machine.
 *
 * <p>A folder that has the name already is exchanged for the new one in one step where the system
 * can (Linux, with native access); elsewhere it is moved away first, and for that moment the name
 * stands for nothing. A process that is killed leaves its temporary folder behind, with a lock that
 * nobody holds any more; the next {@link #create} for the same name removes it. Any number of
 * threads and processes may write to one name at a time: each fills a folder of its own, and the
 * name goes from one whole folder to the next. {@code docs/reliability.md} has the protocol.
 *
 * <p>Used by one thread.
 */
public final class OutputDirectory implements AutoCloseable {
  private static final int LOOKS = 3;
  private static final int ATTEMPTS = 20;

  private final OutputNames names;
  private final OutputClaim claim;
  private final boolean overwrite;
  private final FolderKind kind;
  private final BiPredicate<Path, Path> exchange;
  private final ShutdownCleanup cleanup;
  private final List<String> notes;
  private boolean open = true;

  private OutputDirectory(
      OutputNames names,
      OutputClaim claim,
      boolean overwrite,
      FolderKind kind,
      BiPredicate<Path, Path> exchange,
      List<String> notes) {
    this.names = names;
    this.claim = claim;
    this.overwrite = overwrite;
    this.kind = kind;
    this.exchange = exchange;
    this.notes = notes;
    this.cleanup = ShutdownCleanup.register(this::end);
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
    return create(
        target, overwrite, kind, OpenOutputs.OF_THIS_PROCESS, OutputDirectory::exchangeByTheSystem);
  }

  /** The same for a process that a test plays, with another way to exchange two names. */
  static OutputDirectory create(
      Path target,
      boolean overwrite,
      FolderKind kind,
      OpenOutputs process,
      BiPredicate<Path, Path> exchange)
      throws IOException {
    BrokenLink.refuse(target);
    // A link to a folder stays; the folder behind it is replaced.
    Path absolute = behindLinks(target);
    OutputNames names = OutputNames.of(absolute);
    Files.createDirectories(names.parent());
    List<String> notes = OutputClaim.clearAbandoned(names, kind, process);
    requireFree(absolute, overwrite, kind);
    OutputClaim claim = OutputClaim.take(names, kind, process);
    try {
      return new OutputDirectory(names, claim, overwrite, kind, exchange, notes);
    } catch (IllegalStateException shutdown) {
      claim.release();
      throw new IOException("the process is ending; " + target + " is not written", shutdown);
    }
  }

  /**
   * Refuses a target that exists and may not be replaced, without touching the disk.
   *
   * @throws FourierException with the remedy
   */
  public static void requireFree(Path target, boolean overwrite, FolderKind kind)
      throws IOException {
    BrokenLink.refuse(target);
    State state = state(target, kind);
    for (int look = 1; look < LOOKS && state == State.FOREIGN; look++) {
      // It may have been a model that another run just replaced, half deleted when it was read.
      state = state(target, kind);
    }
    switch (state) {
      case FREE -> {}
      case FILE -> throw new FourierException(target + " is a file; give the name of a folder");
      case FOREIGN ->
          throw new FourierException(
              "%s is not empty and does not hold %s, so it is not replaced; give a new or an empty folder"
                  .formatted(target, kind.noun()));
      case OF_ITS_KIND -> {
        if (!overwrite) {
          throw new FourierException(
              "%s holds %s already; give another name, or allow it to be replaced (overwrite)"
                  .formatted(target, kind.noun()));
        }
      }
    }
  }

  private enum State {
    FREE,
    FILE,
    OF_ITS_KIND,
    FOREIGN
  }

  private static State state(Path target, FolderKind kind) throws IOException {
    try {
      if (!Files.readAttributes(target, BasicFileAttributes.class).isDirectory()) {
        return State.FILE;
      }
      if (isAbsentOrEmpty(target)) {
        return State.FREE;
      }
      return kind.matches(target) ? State.OF_ITS_KIND : State.FOREIGN;
    } catch (NoSuchFileException e) {
      return State.FREE;
    }
  }

  /** Where to write. */
  public Path path() {
    return claim.folder();
  }

  /** What the user should know; after {@link #commit} all of it. */
  public List<String> notes() {
    return List.copyOf(notes);
  }

  /**
   * Forces everything to the device, gives the folder its final name and removes what had it.
   *
   * @throws FourierException if another folder has the name by now that may not be replaced
   * @throws IOException if it cannot be done; the target is as it was
   */
  public synchronized void commit() throws IOException {
    if (!open) {
      throw new IOException("the process is ending; " + names.target() + " is not written");
    }
    replace();
    FileTree.flushFolder(names.parent());
    open = false;
    notes.addAll(claim.complete());
    cleanup.unregister();
  }

  @Override
  public void close() {
    end();
    cleanup.unregister();
  }

  private synchronized void end() {
    if (open) {
      open = false;
      notes.addAll(claim.release());
    }
  }

  /** Tries until it is done or refused, since others may take or free the name at any time. */
  private void replace() throws IOException {
    FileTree.flush(path());
    IOException failure = null;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      requireFree(names.target(), overwrite, kind);
      try {
        if (isAbsentOrEmpty(names.target()) ? moveToFree() : overwrite && replaceTaken()) {
          return;
        }
      } catch (IOException e) {
        // Mostly somebody else's doing, so it is tried again; if not, it happens again.
        failure = e;
        if (!FileTree.exists(path())) {
          break;
        }
      }
    }
    throw failure != null ? failure : new IOException(names.target() + " is replaced all the time");
  }

  /** Whether it was done; false if the name is taken by now. */
  private boolean moveToFree() throws IOException {
    try {
      Files.move(path(), names.target(), StandardCopyOption.ATOMIC_MOVE);
      return true;
    } catch (IOException e) {
      if (!FileTree.exists(names.target())) {
        throw e;
      }
      if (isAbsentOrEmpty(names.target())) {
        // Not every system renames to the name of an empty folder.
        Files.deleteIfExists(names.target());
      }
      return false;
    }
  }

  /** Whether it was done; false if the name is free or taken anew by now. */
  private boolean replaceTaken() throws IOException {
    carryOver();
    if (exchange.test(path(), names.target())) {
      return true;
    }
    if (!moveTwice()) {
      return false;
    }
    notes.add(
        "%s was replaced in two steps, because this system cannot exchange two names in one; for a moment nothing had that name"
            .formatted(names.target()));
    return true;
  }

  /** Takes what stays of the old folder into the new one, before the old one goes. */
  private void carryOver() throws IOException {
    for (Path child : FileTree.children(names.target())) {
      Path there = path().resolve(child.getFileName());
      if (kind.stays(child) && !FileTree.exists(there)) {
        try {
          FileTree.linkOrCopy(child, there);
          FileTree.flush(there);
        } catch (IOException e) {
          // The next attempt may find it whole.
          FileTree.delete(there);
          throw e;
        }
      }
    }
    FileTree.flushFolder(path());
  }

  /** Whether it was done; false if the name is taken anew by now. */
  private boolean moveTwice() throws IOException {
    Path replaced = claim.replaced();
    claim.discard(replaced);
    Files.move(names.target(), replaced, StandardCopyOption.ATOMIC_MOVE);
    boolean done = false;
    try {
      done = kind.matches(replaced) && moveToFree();
      return done;
    } finally {
      if (!done) {
        claim.putBack();
      }
    }
  }

  private static boolean exchangeByTheSystem(Path first, Path second) {
    return RenameExchange.find().filter(call -> call.exchange(first, second)).isPresent();
  }

  private static Path behindLinks(Path target) throws IOException {
    try {
      if (Files.isDirectory(target)) {
        return target.toRealPath();
      }
    } catch (NoSuchFileException e) {
      // It has just gone.
    }
    return target.toAbsolutePath().normalize();
  }

  private static boolean isAbsentOrEmpty(Path folder) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      return !entries.iterator().hasNext();
    } catch (NoSuchFileException e) {
      return true;
    }
  }
}
