package io.fourierft.internal.host;

import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.function.Supplier;

/**
 * Reusable objects that nobody uses at the moment. The garbage collector may take them all when
 * memory is short. Thread-safe.
 */
public final class IdleStack<T> {
  private final Supplier<T> factory;
  private SoftReference<ArrayDeque<T>> idle = new SoftReference<>(new ArrayDeque<>());

  /** Holds nothing yet, and makes what it has not. */
  public IdleStack(Supplier<T> factory) {
    this.factory = factory;
  }

  /** An object that is the caller's until it is given back. */
  public T take() {
    synchronized (this) {
      ArrayDeque<T> stack = idle.get();
      if (stack != null && !stack.isEmpty()) {
        return stack.pop();
      }
    }
    return factory.get();
  }

  /** Gives an object back. */
  public synchronized void give(T object) {
    ArrayDeque<T> stack = idle.get();
    if (stack == null) {
      stack = new ArrayDeque<>();
      idle = new SoftReference<>(stack);
    }
    stack.push(object);
  }

  /** Forgets all. */
  public synchronized void clear() {
    idle.clear();
  }
}
