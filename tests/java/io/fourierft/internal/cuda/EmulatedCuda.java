package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.cuda.CudaFourierEngine;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/** The emulated CUDA driver of tests/native, and what its emulator.h controls. */
public final class EmulatedCuda {
  private static final String[] KINDS = {
    "memory",
    "pinned",
    "context",
    "stream",
    "event",
    "module",
    "graph",
    "graph_exec",
    "plan",
    "blas",
    "primary"
  };

  private final MethodHandle live;
  private final MethodHandle calls;
  private final MethodHandle resetCalls;
  private final MethodHandle fail;
  private final MethodHandle failOperation;
  private final MethodHandle clearFaults;
  private final MethodHandle loseDevice;
  private final MethodHandle setMemory;
  private final MethodHandle setDelay;
  private final MethodHandle violations;
  private final MethodHandle violation;
  private final MethodHandle clearViolations;
  private final MethodHandle checkGuards;
  private final MethodHandle poolAllocate;
  private final MethodHandle poolFree;
  private final MethodHandle currentContext;
  private final MethodHandle setenv;
  private final MethodHandle unsetenv;

  private EmulatedCuda(Path library) {
    SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
    FunctionDescriptor byName = FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS);
    FunctionDescriptor number = FunctionDescriptor.of(ValueLayout.JAVA_LONG);
    live = bind(symbols, "emu_live", byName);
    calls = bind(symbols, "emu_calls", byName);
    resetCalls = bind(symbols, "emu_reset_calls", FunctionDescriptor.ofVoid());
    fail =
        bind(
            symbols,
            "emu_fail",
            FunctionDescriptor.ofVoid(
                ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    failOperation =
        bind(
            symbols,
            "emu_fail_operation",
            FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    clearFaults = bind(symbols, "emu_clear_faults", number);
    loseDevice =
        bind(
            symbols,
            "emu_lose_device",
            FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    setMemory =
        bind(
            symbols,
            "emu_set_memory",
            FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    setDelay = bind(symbols, "emu_set_delay", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG));
    violations = bind(symbols, "emu_violations", number);
    violation =
        bind(
            symbols,
            "emu_violation",
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG));
    clearViolations = bind(symbols, "emu_clear_violations", FunctionDescriptor.ofVoid());
    checkGuards = bind(symbols, "emu_check_guards", number);
    poolAllocate =
        bind(
            symbols,
            "cuMemAllocAsync",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG));
    poolFree =
        bind(
            symbols,
            "cuMemFreeAsync",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    currentContext =
        bind(
            symbols,
            "cuCtxGetCurrent",
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    SymbolLookup c = Linker.nativeLinker().defaultLookup();
    setenv =
        bind(
            c,
            "setenv",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    unsetenv =
        bind(c, "unsetenv", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
  }

  private static MethodHandle bind(
      SymbolLookup symbols, String name, FunctionDescriptor descriptor) {
    return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), descriptor);
  }

  /** The control of the emulator, or the test is skipped because it was not built. */
  public static EmulatedCuda require() {
    String path = System.getProperty("fourierft.cuda", "");
    assumeTrue(
        !path.isEmpty() && Files.exists(Path.of(path)),
        "the emulated CUDA driver was not built (cmake and a C++ compiler are needed)");
    if (System.getProperty("fourierft.cublas") == null) {
      // A real one would not know the emulated driver.
      System.setProperty(
          "fourierft.cublas", Path.of(path).resolveSibling("libcublas.so.13").toString());
    }
    return new EmulatedCuda(Path.of(path));
  }

  /** A new engine on an emulated device. */
  public static CudaFourierEngine open(int device) {
    return CudaFourierEngine.of(
        FourierEngine.create(EngineOptions.defaults().withDevice("cuda:" + device)));
  }

  /** How many of a kind are alive. */
  public long live(String kind) {
    try (Arena arena = Arena.ofConfined()) {
      return (long) live.invokeExact(arena.allocateFrom(kind));
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Calls of a function or a group since the last reset. */
  public long calls(String group) {
    try (Arena arena = Arena.ofConfined()) {
      return (long) calls.invokeExact(arena.allocateFrom(group));
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Memory of the current device's pool, which belongs to no context. */
  public long allocateFromPool(long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment result = arena.allocate(ValueLayout.JAVA_LONG);
      assertEquals(0, (int) poolAllocate.invokeExact(result, bytes, 0L));
      return result.get(ValueLayout.JAVA_LONG, 0);
    } catch (AssertionError e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Gives memory back to the pool. */
  public void freeToPool(long pointer) {
    try {
      assertEquals(0, (int) poolFree.invokeExact(pointer, 0L));
    } catch (AssertionError e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** The context that is current to the thread of the operating system; 0 if none is. */
  public long currentContext() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment result = arena.allocate(ValueLayout.JAVA_LONG);
      assertEquals(0, (int) currentContext.invokeExact(result));
      return result.get(ValueLayout.JAVA_LONG, 0);
    } catch (AssertionError e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Starts counting calls anew. */
  public void resetCalls() {
    try {
      resetCalls.invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Lets the nth call from now of a function or group return a code. */
  public void fail(String group, long nth, int code) {
    try (Arena arena = Arena.ofConfined()) {
      fail.invokeExact(arena.allocateFrom(group), nth, code);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Lets the nth operation that a stream runs fail, after the call that enqueued it. */
  public void failOperation(long nth, int code) {
    try {
      failOperation.invokeExact(nth, code);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Takes back faults that have not happened; how many. */
  public long clearFaults() {
    try {
      return (long) clearFaults.invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Loses a device. */
  public void loseDevice(int device, int code) {
    try {
      loseDevice.invokeExact(device, code);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Sets the memory of a device; 0 for as it was at the start. */
  public void setMemory(int device, long bytes) {
    try {
      setMemory.invokeExact(device, bytes);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Lets streams sleep before every operation. */
  public void setDelay(long microseconds) {
    try {
      setDelay.invokeExact(microseconds);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Sets an environment variable as C code of this process sees it; null takes it away. */
  public void environment(String name, String value) {
    try (Arena arena = Arena.ofConfined()) {
      int failed;
      if (value == null) {
        failed = (int) unsetenv.invokeExact(arena.allocateFrom(name));
      } else {
        failed = (int) setenv.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 1);
      }
      assertEquals(0, failed);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Fails if the emulator saw misuse, and forgets it. */
  public void assertNoMisuse() {
    try (Arena arena = Arena.ofConfined()) {
      StringBuilder seen = new StringBuilder();
      long count = (long) violations.invokeExact();
      MemorySegment text = arena.allocate(1024);
      for (long i = 0; i < count; i++) {
        long length = (long) violation.invokeExact(i, text, text.byteSize());
        seen.append(length).append(": ").append(text.getString(0)).append('\n');
      }
      clearViolations.invokeExact();
      assertEquals("", seen.toString());
      assertEquals(0L, (long) checkGuards.invokeExact(), "damaged guard zones");
    } catch (AssertionError e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Fails if anything is alive, or if there was misuse. */
  public void assertNothingLeft() {
    StringBuilder left = new StringBuilder();
    for (String kind : KINDS) {
      long count = live(kind);
      if (count != 0) {
        left.append(count).append(' ').append(kind).append(' ');
      }
    }
    assertEquals("", left.toString(), "left alive");
    assertNoMisuse();
  }
}
