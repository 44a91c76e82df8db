package io.fourierft.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the users of a resource; whoever leaves last after the closing releases it. */
final class SharedLease {
  private final Release release;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** The owner, until it closes, and every user. */
  private final AtomicLong holders = new AtomicLong(1);

  SharedLease(Release release) {
    this.release = release;
  }

  /** Becomes a user; false once closed. */
  boolean acquire() {
    if (closed.get()) {
      return false;
    }
    long before = holders.getAndUpdate(count -> count == 0 ? 0 : count + 1);
    return before != 0;
  }

  /** Ends a use. */
  void release() {
    try {
      leave();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends the owner's hold, the first time. */
  void close() throws IOException {
    if (closed.compareAndSet(false, true)) {
      leave();
    }
  }

  private void leave() throws IOException {
    if (holders.decrementAndGet() == 0) {
      release.release();
    }
  }

  /** Gives the resource back. */
  @FunctionalInterface
  interface Release {
    void release() throws IOException;
  }
}
