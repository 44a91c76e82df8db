package io.fourierft.watched;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** Fails one call of the file system, counted from 1, as a broken disk does; 0 for none. */
public final class FailingCall implements FileWatcher {
  private final int fault;
  private int calls;
  private String failed = "no call";

  public FailingCall(int fault) {
    this.fault = fault;
  }

  @Override
  public synchronized void before(String operation, Path path) throws IOException {
    if (++calls == fault) {
      failed = operation + " of " + path.getFileName();
      throw new FileSystemException(path.toString(), null, "Input/output error");
    }
  }

  /** How many calls were made. */
  public synchronized int calls() {
    return calls;
  }

  @Override
  public synchronized String toString() {
    return "call " + fault + " failed: " + failed;
  }
}
