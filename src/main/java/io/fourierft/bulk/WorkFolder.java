package io.fourierft.bulk;

import io.fourierft.FourierException;
import io.fourierft.internal.files.InputFile;
import io.fourierft.internal.files.LockFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The folder that a job writes its outputs into, while it does: no other job may, and a journal in
 * it tells what each output was made from. Used by any number of threads.
 */
final class WorkFolder implements AutoCloseable {
  private static final String LOCK = ".fourierft-bulk.lock";
  private static final int ATTEMPTS = 100;

  private final Path path;
  private final LockFile lock;
  private final Journal journal;

  private WorkFolder(Path path, LockFile lock, Journal journal) {
    this.path = path;
    this.lock = lock;
    this.journal = journal;
  }

  /**
   * Makes the folder if it is not there, and takes it.
   *
   * @throws FourierException if another job is at work in it
   */
  static WorkFolder take(Path folder) throws IOException {
    Files.createDirectories(folder);
    LockFile lock = lock(folder);
    try {
      return new WorkFolder(folder, lock, Journal.open(folder));
    } catch (Throwable e) {
      try {
        lock.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /** Without locks two jobs are told apart by each output's own name alone. */
  private static LockFile lock(Path folder) throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      // What is there may be of a job that is ending at this moment.
      LockFile lock = LockFile.tryToTake(folder.resolve(LOCK), StandardOpenOption.CREATE);
      if (lock != null) {
        return lock;
      }
    }
    throw new FourierException(
        ("another job writes into %s at this moment; wait until it has ended, or give another"
                + " folder")
            .formatted(folder));
  }

  /** Refuses a path that cannot become such a folder; what may lie in it is another question. */
  static void requireFolder(Path folder) throws IOException {
    if (InputFile.isThere(folder) && !InputFile.isFolder(folder)) {
      throw new FourierException(
          folder + " is a file; the outputs of many adapters need the name of a folder");
    }
  }

  Path path() {
    return path;
  }

  Journal journal() {
    return journal;
  }

  @Override
  public void close() throws IOException {
    try (lock) {
      journal.close();
    }
  }
}
