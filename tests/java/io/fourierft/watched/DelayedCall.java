package io.fourierft.watched;

import java.nio.file.Path;

/**
 * Holds up one call of the file system, counted from 1, for as long as something else takes; 0 for
 * none.
 */
public final class DelayedCall implements FileWatcher {
  private static final long PATIENCE_MILLIS = 60_000;

  private final int delayed;
  private final Runnable meanwhile;
  private int calls;
  private String held = "no call";

  /** Runs {@code meanwhile} on a thread of its own before call {@code delayed}. */
  public DelayedCall(int delayed, Runnable meanwhile) {
    this.delayed = delayed;
    this.meanwhile = meanwhile;
  }

  @Override
  public void before(String operation, Path path) {
    synchronized (this) {
      if (++calls != delayed) {
        return;
      }
      held = operation + " of " + path.getFileName();
    }
    Thread other = new Thread(meanwhile, "meanwhile");
    other.start();
    try {
      other.join(PATIENCE_MILLIS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    if (other.isAlive()) {
      throw new AssertionError("the other waits for this one, " + this);
    }
  }

  @Override
  public synchronized String toString() {
    return "call " + delayed + " delayed: " + held;
  }
}
