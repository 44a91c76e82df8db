package io.fourierft.internal.cuda.ffm;

import io.fourierft.FourierException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * Binds functions of one C library that return a status code. Opaque handles, device pointers and
 * sizes are bound as 64-bit integers, which every supported calling convention passes as it passes
 * a pointer.
 *
 * <p>No function is bound as {@link Linker.Option#critical}: nearly all of them may wait for a lock
 * of the driver or for the device, and the rest are not on a hot path.
 */
public class NativeFunctions {
  private final SymbolLookup symbols;
  private final String library;
  private final String needs;

  /**
   * Prepares to bind.
   *
   * @param library the library, as it was loaded
   * @param needs the version that has every function, for the message when one is missing
   */
  NativeFunctions(SymbolLookup symbols, String library, String needs) {
    this.symbols = symbols;
    this.library = library;
    this.needs = needs;
  }

  /** The library, as it was loaded. */
  final String library() {
    return library;
  }

  /** A function that returns an int. */
  final MethodHandle bind(String symbol, MemoryLayout... arguments) {
    MemorySegment address =
        symbols
            .find(symbol)
            .orElseThrow(
                () -> new FourierException(library + " has no " + symbol + "; install " + needs));
    return Linker.nativeLinker()
        .downcallHandle(address, FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments));
  }

  /** The same, or null if the library lacks it. */
  final @Nullable MethodHandle bindIfThere(String symbol, MemoryLayout... arguments) {
    return symbols.find(symbol).isPresent() ? bind(symbol, arguments) : null;
  }

  /**
   * What a downcall that threw becomes. The functions themselves cannot throw; a handle does when
   * it is given a segment that is closed or on the heap.
   */
  static RuntimeException refused(Throwable thrown) {
    if (thrown instanceof RuntimeException unchecked) {
      return unchecked;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
    return new IllegalStateException(thrown);
  }
}
