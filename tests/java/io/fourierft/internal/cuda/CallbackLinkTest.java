package io.fourierft.internal.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.internal.cuda.ffm.Cufft;
import io.fourierft.internal.cuda.ffm.FoundLibrary;
import io.fourierft.internal.cuda.ffm.LibraryFinder;
import io.fourierft.internal.cuda.ffm.LibrarySearch;
import io.fourierft.internal.cuda.kernels.Callback;
import io.fourierft.internal.cuda.kernels.CallbackImages;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The compiled callbacks in NVIDIA's own linker, which cuFFT uses, where there is one (the Python
 * wheel nvidia-nvjitlink is enough, no GPU is needed; {@code -Dfourierft.test.nvjitlink=PATH} names
 * it). A kernel calls them by the C++ names that belong to the types of cuFFT's callbacks.
 */
class CallbackLinkTest {
  private static final int PTX = 2;
  private static final int FATBIN = 4;
  private static final String PARAMETERS = "PvyS_S_";
  private static final String STORE_PARAMETERS = "PvyfS_S_";

  /** For the life of the process: unloading it aborts the JVM at its end. */
  private static SymbolLookup library() {
    String named = System.getProperty("fourierft.test.nvjitlink");
    if (named != null) {
      return SymbolLookup.libraryLookup(Path.of(named), Arena.global());
    }
    LibrarySearch search =
        new LibraryFinder()
            .nvJitLink(found -> found.path().endsWith(".13") ? null : "it is older than CUDA 13");
    FoundLibrary linker = search.found();
    assumeTrue(linker != null, "no nvJitLink on this machine: " + search.report());
    return linker.symbols();
  }

  private static byte[] image(Callback callback) throws IOException {
    String resource = "/META-INF/fourierft/cuda/" + callback.symbol() + ".fatbin";
    try (InputStream in = CallbackImages.class.getResourceAsStream(resource)) {
      assumeTrue(in != null, "built without nvcc, so without callbacks");
      return in.readAllBytes();
    }
  }

  /** A kernel that calls every callback. */
  private static String caller() {
    StringBuilder declarations = new StringBuilder();
    StringBuilder calls = new StringBuilder();
    for (Callback callback : Callback.values()) {
      boolean loads = callback.type() == Cufft.LOAD_COMPLEX;
      String name =
          "_Z%d%s%s"
              .formatted(
                  callback.symbol().length(),
                  callback.symbol(),
                  loads ? PARAMETERS : STORE_PARAMETERS);
      declarations.append(
          ".extern .func %s %s (.param .b64 a, .param .b64 b, %s.param .b64 d, .param .b64 e);\n"
              .formatted(
                  loads ? "(.param .align 8 .b8 value[8])" : "",
                  name,
                  loads ? "" : ".param .b32 c, "));
      calls.append(
          loads
              ? "call.uni (r), %s, (a, b, d, e);\n".formatted(name)
              : "call.uni %s, (a, b, c, d, e);\n".formatted(name));
    }
    return """
    .version 7.0
    .target sm_75
    .address_size 64
    %s
    .visible .entry caller(.param .u64 info)
    {
      .reg .b64 %%rd1;
      .param .b64 a; .param .b64 b; .param .b32 c; .param .b64 d; .param .b64 e;
      .param .align 8 .b8 r[8];
      ld.param.u64 %%rd1, [info];
      st.param.b64 [a], %%rd1;
      st.param.b64 [b], %%rd1;
      st.param.b32 [c], 0;
      st.param.b64 [d], %%rd1;
      st.param.b64 [e], %%rd1;
      %s
      ret;
    }
    """
        .formatted(declarations, calls);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sm_75", "sm_80", "sm_90", "sm_120"})
  void everyCallbackIsLinkedIntoAKernelOfOneImage(String architecture) throws Throwable {
    SymbolLookup symbols = library();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(ADDRESS);
      MemorySegment options = arena.allocate(ADDRESS, 2);
      options.setAtIndex(ADDRESS, 0, arena.allocateFrom("-lto"));
      options.setAtIndex(ADDRESS, 1, arena.allocateFrom("-arch=" + architecture));
      MethodHandle create = bind(symbols, "nvJitLinkCreate", ADDRESS, JAVA_INT, ADDRESS);
      assertEquals(0, (int) create.invokeExact(handle, 2, options));
      MemorySegment linker = handle.get(ADDRESS, 0);
      for (Callback callback : Callback.values()) {
        add(symbols, arena, linker, FATBIN, image(callback));
      }
      add(symbols, arena, linker, PTX, (caller() + '\0').getBytes(StandardCharsets.US_ASCII));
      int linked = (int) bind(symbols, "nvJitLinkComplete", ADDRESS).invokeExact(linker);
      assertEquals(0, linked, log(symbols, arena, linker));
      assertEquals(0, (int) bind(symbols, "nvJitLinkDestroy", ADDRESS).invokeExact(handle));
    }
  }

  private static void add(
      SymbolLookup symbols, Arena arena, MemorySegment linker, int kind, byte[] input)
      throws Throwable {
    MethodHandle add =
        bind(symbols, "nvJitLinkAddData", ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS);
    MemorySegment data = arena.allocate(input.length, 64);
    data.copyFrom(MemorySegment.ofArray(input));
    int added =
        (int) add.invokeExact(linker, kind, data, data.byteSize(), arena.allocateFrom("input"));
    assertEquals(0, added, log(symbols, arena, linker));
  }

  private static String log(SymbolLookup symbols, Arena arena, MemorySegment linker)
      throws Throwable {
    MemorySegment size = arena.allocate(JAVA_LONG);
    MethodHandle sizeOf = bind(symbols, "nvJitLinkGetErrorLogSize", ADDRESS, ADDRESS);
    assertEquals(0, (int) sizeOf.invokeExact(linker, size));
    MemorySegment text = arena.allocate(size.get(JAVA_LONG, 0) + 1);
    MethodHandle read = bind(symbols, "nvJitLinkGetErrorLog", ADDRESS, ADDRESS);
    assertEquals(0, (int) read.invokeExact(linker, text));
    return text.getString(0);
  }

  private static MethodHandle bind(SymbolLookup symbols, String name, MemoryLayout... arguments) {
    return Linker.nativeLinker()
        .downcallHandle(symbols.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
  }
}
