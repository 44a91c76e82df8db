package io.fourierft.internal.cuda.memory;

/**
 * Memory that several streams read and that its keeper gives up when room is wanted, unless it is
 * pinned. Thread-safe.
 */
public interface Pinnable {
  /** Keeps the memory from being given up; {@code user} says when it may be freed after that. */
  void pin(LastUse user);

  /** Undoes {@link #pin}. */
  void unpin();

  /** Lets what {@code stream} is given from now on find the memory filled. */
  void orderBefore(long stream);

  /** Waits until the memory is filled, so that nobody has to wait for it again. */
  void settle();
}
