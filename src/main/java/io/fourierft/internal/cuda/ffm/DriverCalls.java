package io.fourierft.internal.cuda.ffm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.fourierft.cuda.CudaException;
import io.fourierft.cuda.CudaOutOfMemoryException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/** Calls the driver's functions and turns their failures into exceptions. */
public abstract class DriverCalls {
  /** Bytes that any name of the driver fits into. */
  static final int NAME_BYTES = 256;

  /** CUDA_ERROR_NOT_READY, which is no error. */
  private static final int NOT_READY = 600;

  /** The functions. */
  final DriverFunctions f;

  /** Where calls of a thread write one value; an arena for each call would cost more than it. */
  private final ThreadLocal<MemorySegment> written =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(JAVA_LONG));

  DriverCalls(DriverFunctions functions) {
    this.f = functions;
  }

  /** One downcall; the place of {@code invokeExact}. */
  @FunctionalInterface
  protected interface Downcall {
    int run() throws Throwable;
  }

  /** One downcall that writes one value of at most eight bytes. */
  @FunctionalInterface
  protected interface ReadingDowncall {
    int run(MemorySegment out) throws Throwable;
  }

  /** Calls {@code function} and throws if it fails; {@code doing} says what for. */
  final void call(String function, Downcall downcall, Supplier<String> doing) {
    int code;
    try {
      code = downcall.run();
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    if (code != 0) {
      throw failure(code, function, doing.get());
    }
  }

  /** Calls {@code function}, which asks whether something is done; false if it is not yet. */
  final boolean isReady(String function, Downcall downcall, Supplier<String> doing) {
    int code;
    try {
      code = downcall.run();
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    if (code != 0 && code != NOT_READY) {
      throw failure(code, function, doing.get());
    }
    return code == 0;
  }

  /** Calls {@code function}, which writes one value, and returns that. */
  final long read(String function, ReadingDowncall downcall, Supplier<String> doing) {
    MemorySegment out = written.get();
    // Zeroed, so that a value of four bytes reads as the same number (all machines that CUDA
    // runs on are little-endian).
    out.set(JAVA_LONG, 0, 0);
    int code;
    try {
      code = downcall.run(out);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    if (code != 0) {
      throw failure(code, function, doing.get());
    }
    return out.get(JAVA_LONG, 0);
  }

  /** What a call that returned {@code code} throws. */
  final CudaException failure(int code, String function, String doing) {
    String name = codeName(code);
    return code == CudaOutOfMemoryException.CODE
        ? new CudaOutOfMemoryException(f.library(), function, code, name, doing)
        : new CudaException(f.library(), function, code, name, doing);
  }

  private String codeName(int code) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      int failed;
      try {
        failed = (int) f.cuGetErrorName.invokeExact(code, out);
      } catch (Throwable thrown) {
        throw NativeFunctions.refused(thrown);
      }
      MemorySegment name = out.get(ADDRESS, 0);
      return failed != 0 || name.address() == 0
          ? "an unknown CUresult"
          : name.reinterpret(NAME_BYTES).getString(0);
    }
  }
}
