package io.fourierft.merge;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Assembles the changed tensors of one weight file on a thread of its own, in their order, some
 * ahead of the thread that writes the file: while the system copies for the one, the other
 * computes.
 *
 * <p>Of several files that are written side by side none waits for another for ever: whoever holds
 * memory has a whole tensor in it, which its own writer takes without asking for more.
 *
 * <p>For one thread that takes.
 */
final class TensorsAhead implements AutoCloseable {
  /** More would only take memory, which a system hands out slowly. */
  private static final int MOST_WAITING = 2;

  private final TensorAssembly assembly;
  private final List<OutputTensor> tensors;
  private final Thread thread;

  // Guarded by this.
  private final ArrayDeque<TensorMemory.Held> assembled = new ArrayDeque<>();
  private @Nullable Throwable failure;
  private boolean closed;

  private TensorsAhead(TensorAssembly assembly, List<OutputTensor> tensors) {
    this.assembly = assembly;
    this.tensors = tensors;
    this.thread = Thread.ofPlatform().daemon().name("fourierft-ahead").unstarted(this::assembleAll);
  }

  /** Begins to assemble those of the tensors that something touches. */
  static TensorsAhead start(TensorAssembly assembly, List<OutputTensor> tensors) {
    List<OutputTensor> changed = tensors.stream().filter(t -> !t.isUntouched()).toList();
    TensorsAhead ahead = new TensorsAhead(assembly, changed);
    if (!changed.isEmpty()) {
      ahead.thread.start();
    }
    return ahead;
  }

  private void assembleAll() {
    try {
      for (OutputTensor tensor : tensors) {
        if (!awaitTurn() || !add(assembly.assemble(tensor))) {
          return;
        }
      }
    } catch (Throwable e) {
      failed(e);
    }
  }

  /** Whether another is wanted, once few enough wait. */
  private synchronized boolean awaitTurn() {
    while (!closed && assembled.size() >= MOST_WAITING) {
      try {
        wait();
      } catch (InterruptedException e) {
        // Only close() ends it.
      }
    }
    return !closed;
  }

  private synchronized boolean add(TensorMemory.Held tensor) {
    if (closed) {
      tensor.close();
      return false;
    }
    assembled.add(tensor);
    notifyAll();
    return true;
  }

  private synchronized void failed(Throwable e) {
    failure = e;
    notifyAll();
  }

  /** Whether the next changed tensor is there, or why it never will be: no wait for either. */
  synchronized boolean isReady() {
    return !assembled.isEmpty() || failure != null;
  }

  /**
   * Waits for the next changed tensor, which the caller closes. An interrupt is left for the
   * caller's next call of the file system to see.
   *
   * @throws IOException if reading fails
   */
  synchronized TensorMemory.Held take() throws IOException {
    boolean interrupted = false;
    while (assembled.isEmpty() && failure == null) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    TensorMemory.Held next = assembled.poll();
    if (next != null) {
      notifyAll();
      return next;
    }
    switch (failure) {
      case IOException io -> throw io;
      case RuntimeException runtime -> throw runtime;
      case Error error -> throw error;
      case null, default -> throw new IllegalStateException(failure);
    }
  }

  /** Gives back what nobody took, and waits for the thread to end. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      assembled.forEach(TensorMemory.Held::close);
      assembled.clear();
      notifyAll();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
