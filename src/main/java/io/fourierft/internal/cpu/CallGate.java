package io.fourierft.internal.cpu;

import io.fourierft.EngineClosedException;

/** Counts the calls that run, so that closing can wait for them. Thread-safe. */
final class CallGate {
  private final String engine;
  private int running;
  private boolean closing;
  private boolean closed;

  /** A gate that calls the engine so when it is closed. */
  CallGate(String engine) {
    this.engine = engine;
  }

  /**
   * Begins a call.
   *
   * @throws EngineClosedException if the engine is closed
   */
  synchronized void enter() {
    if (closing) {
      throw new EngineClosedException(engine + " has been closed; create another");
    }
    running++;
  }

  /** Ends a call. */
  synchronized void leave() {
    running--;
    if (running == 0 && closing) {
      notifyAll();
    }
  }

  /**
   * Lets no more calls in and waits for those that run.
   *
   * @return whether this was the first to close, who has to clean up
   */
  synchronized boolean close() {
    boolean first = !closing;
    closing = true;
    PatientWait.until(this, () -> running == 0 && (first || closed));
    return first;
  }

  /** Tells others that wait in {@link #close} that all is cleaned up. */
  synchronized void cleanedUp() {
    closed = true;
    notifyAll();
  }
}
