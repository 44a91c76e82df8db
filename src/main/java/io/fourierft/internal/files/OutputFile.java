package io.fourierft.internal.files;

import io.fourierft.FourierException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/**
 * A file that comes into being whole or not at all, as {@link OutputDirectory} does for a folder:
 * it is written in a temporary folder beside its final place and moved there by {@link #commit};
 * {@link #close} without a commit removes it, and so does the end of the virtual machine.
 *
 * <p>Used by one thread.
 */
public final class OutputFile implements AutoCloseable {
  private final OutputNames names;
  private final OutputClaim claim;
  private final boolean overwrite;
  private final ShutdownCleanup cleanup;
  private boolean open = true;

  private OutputFile(OutputNames names, OutputClaim claim, boolean overwrite) {
    this.names = names;
    this.claim = claim;
    this.overwrite = overwrite;
    this.cleanup = ShutdownCleanup.register(this::end);
  }

  /**
   * Checks that {@code target} can be written, makes the folders above it, cleans up after killed
   * predecessors and makes the temporary folder.
   *
   * @param overwrite whether a file of that name may be replaced; behind a link, the file that it
   *     leads to
   * @throws FourierException as {@link #requireFree}
   */
  public static OutputFile create(Path target, boolean overwrite) throws IOException {
    return create(target, overwrite, OpenOutputs.OF_THIS_PROCESS);
  }

  /** The same for a process that a test plays. */
  static OutputFile create(Path target, boolean overwrite, OpenOutputs process) throws IOException {
    requireFree(target, overwrite);
    Path absolute =
        Files.isSymbolicLink(target) ? target.toRealPath() : target.toAbsolutePath().normalize();
    OutputNames names = OutputNames.of(absolute);
    Files.createDirectories(names.parent());
    OutputClaim.clearAbandoned(names, FolderKind.ONE_FILE, process);
    OutputClaim claim = OutputClaim.take(names, FolderKind.ONE_FILE, process);
    try {
      return new OutputFile(names, claim, overwrite);
    } catch (IllegalStateException shutdown) {
      claim.release();
      throw new IOException("the process is ending; " + target + " is not written", shutdown);
    }
  }

  /**
   * Refuses a target that may not be written, without touching the disk.
   *
   * @throws FourierException if it is a folder, a broken link or no regular file, or it exists and
   *     {@code overwrite} is false
   */
  public static void requireFree(Path target, boolean overwrite) throws IOException {
    BrokenLink.refuse(target);
    if (!InputFile.isThere(target)) {
      return;
    }
    Optional<String> fault = InputFile.fault(target);
    if (fault.isPresent()) {
      throw new FourierException(target + " " + fault.get() + "; give the name of a file");
    }
    if (!overwrite) {
      throw new FourierException(
          target + " exists already; give another name, or allow it to be replaced (overwrite)");
    }
  }

  /** Where to write. */
  public Path path() {
    return claim.folder().resolve(names.target().getFileName());
  }

  /**
   * Forces the file to the device and gives it its final place.
   *
   * @throws FourierException if another file has the name by now that may not be replaced
   * @throws IOException if it cannot be done; the target is as it was
   */
  public synchronized void commit() throws IOException {
    if (!open) {
      throw new IOException("the process is ending; " + names.target() + " is not written");
    }
    FileTree.flush(path());
    if (overwrite) {
      Files.move(
          path(),
          names.target(),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } else {
      moveToFree();
    }
    FileTree.flushFolder(names.parent());
    open = false;
    List<String> left = claim.complete();
    left.forEach(
        note ->
            System.getLogger(OutputFile.class.getName()).log(System.Logger.Level.WARNING, note));
    cleanup.unregister();
  }

  /** A second name is given only where nothing has it; a move would replace. */
  private void moveToFree() throws IOException {
    try {
      Files.createLink(names.target(), path());
    } catch (FileAlreadyExistsException e) {
      requireFree(names.target(), false);
      throw e;
    } catch (IOException | UnsupportedOperationException noLinks) {
      requireFree(names.target(), false);
      Files.move(path(), names.target(), StandardCopyOption.ATOMIC_MOVE);
    }
  }

  @Override
  public void close() {
    end();
    cleanup.unregister();
  }

  private synchronized void end() {
    if (open) {
      open = false;
      claim.release();
    }
  }
}
