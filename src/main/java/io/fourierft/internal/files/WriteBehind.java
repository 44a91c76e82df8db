package io.fourierft.internal.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * Sends a file that is being written to the device, piece by piece, on a thread of its own: systems
 * keep gigabytes in memory, and whoever forces the file at the end would wait for all of them.
 *
 * <p>It replaces no {@link FileChannel#force} at the end, which then has little left to do. But the
 * system tells of an error of the device once, so that one which is told here is thrown by {@link
 * #close}.
 *
 * <p>Used by the thread that writes.
 */
public final class WriteBehind implements AutoCloseable {
  /** Few enough requests that their own cost does not count, and little that is left at the end. */
  private static final long PIECE_BYTES = 128 << 20;

  private final FileChannel channel;
  private final long piece;
  private long waiting;
  private @Nullable Thread thread;

  // Guarded by this.
  private boolean wanted;
  private boolean closed;
  private @Nullable IOException failure;

  /** Sends what is written to that channel, which stays the caller's. */
  public WriteBehind(FileChannel channel) {
    this(channel, PIECE_BYTES);
  }

  /** The same with pieces of another size. */
  WriteBehind(FileChannel channel, long piece) {
    this.channel = channel;
    this.piece = piece;
  }

  /** Says that so many more bytes are written. A small file never starts a thread. */
  public void wrote(long bytes) {
    waiting += bytes;
    if (waiting < piece) {
      return;
    }
    waiting = 0;
    synchronized (this) {
      wanted = true;
      notifyAll();
    }
    if (thread == null) {
      thread = Thread.ofPlatform().daemon().name("fourierft-write-behind").start(this::send);
    }
  }

  private void send() {
    try {
      while (awaitWanted()) {
        channel.force(false);
      }
    } catch (IOException e) {
      failed(e);
    }
  }

  private synchronized boolean awaitWanted() {
    while (!wanted && !closed) {
      try {
        wait();
      } catch (InterruptedException e) {
        // Only close() ends it.
      }
    }
    wanted = false;
    return !closed;
  }

  private synchronized void failed(IOException e) {
    failure = e;
  }

  /**
   * Waits until nothing is under way, so that the channel may be closed. Closing again does
   * nothing.
   *
   * @throws IOException if the device could not take something
   */
  @Override
  public void close() throws IOException {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    if (thread == null) {
      return;
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    thread = null;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    IOException told = takeFailure();
    if (told != null) {
      throw told;
    }
  }

  private synchronized @Nullable IOException takeFailure() {
    IOException told = failure;
    failure = null;
    return told;
  }
}
