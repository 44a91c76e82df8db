package io.fourierft.internal.cuda.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The parameters of one kernel launch: values and the pointers to them, in native memory that is
 * used again and again. {@code cuLaunchKernel} copies the values before it returns. Not
 * thread-safe.
 */
public final class LaunchArguments {
  private static final int MOST = 32;

  private final MemorySegment values;
  private final MemorySegment pointers;
  private int count;

  public LaunchArguments(Arena arena) {
    values = arena.allocate(ValueLayout.JAVA_LONG, MOST);
    pointers = arena.allocate(ValueLayout.ADDRESS, MOST);
    for (int i = 0; i < MOST; i++) {
      pointers.setAtIndex(
          ValueLayout.JAVA_LONG, i, values.address() + i * ValueLayout.JAVA_LONG.byteSize());
    }
  }

  /** Starts the next list of parameters. */
  public LaunchArguments start() {
    count = 0;
    return this;
  }

  /** A pointer or a 64-bit integer. */
  public LaunchArguments add(long value) {
    values.setAtIndex(ValueLayout.JAVA_LONG, count++, value);
    return this;
  }

  /** A 32-bit integer. */
  public LaunchArguments add(int value) {
    values.set(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG.byteSize() * count++, value);
    return this;
  }

  /** A binary32. */
  public LaunchArguments add(float value) {
    values.set(ValueLayout.JAVA_FLOAT, ValueLayout.JAVA_LONG.byteSize() * count++, value);
    return this;
  }

  /** What cuLaunchKernel takes as kernelParams. */
  public MemorySegment pointers() {
    return pointers;
  }
}
