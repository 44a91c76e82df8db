package io.fourierft.internal.cuda.ffm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.fourierft.FourierException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * NVRTC, the compiler of CUDA C++ that runs in this process, through java.lang.foreign. It needs no
 * GPU. Thread-safe.
 */
public final class Nvrtc {
  private final NvrtcFunctions functions;

  /**
   * Binds every function.
   *
   * @throws FourierException if the library lacks one
   */
  public Nvrtc(FoundLibrary library) {
    this.functions = new NvrtcFunctions(library.symbols(), library.path());
  }

  /** The library, as it was loaded. */
  public String library() {
    return functions.library();
  }

  /** 1000·major + 10·minor, as 13000 of CUDA 13.0. */
  public int version() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment major = arena.allocate(JAVA_INT);
      MemorySegment minor = arena.allocate(JAVA_INT);
      int code;
      try {
        code = (int) functions.nvrtcVersion.invokeExact(major, minor);
      } catch (Throwable thrown) {
        throw NativeFunctions.refused(thrown);
      }
      check(code, "nvrtcVersion");
      return 1000 * major.get(JAVA_INT, 0) + 10 * minor.get(JAVA_INT, 0);
    }
  }

  /** The compute capabilities that it compiles for, as 75 or 120. */
  public List<Integer> architectures() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(JAVA_INT);
      int code;
      try {
        code = (int) functions.nvrtcGetNumSupportedArchs.invokeExact(count);
      } catch (Throwable thrown) {
        throw NativeFunctions.refused(thrown);
      }
      check(code, "nvrtcGetNumSupportedArchs");
      MemorySegment known = arena.allocate(JAVA_INT, count.get(JAVA_INT, 0));
      try {
        code = (int) functions.nvrtcGetSupportedArchs.invokeExact(known);
      } catch (Throwable thrown) {
        throw NativeFunctions.refused(thrown);
      }
      check(code, "nvrtcGetSupportedArchs");
      List<Integer> architectures = new ArrayList<>();
      for (int i = 0; i < count.get(JAVA_INT, 0); i++) {
        architectures.add(known.getAtIndex(JAVA_INT, i));
      }
      return List.copyOf(architectures);
    }
  }

  /**
   * Compiles one source to machine code.
   *
   * @param name of the source, for messages
   * @param source the source
   * @param headers what it may include, by name
   * @param options of the compiler; {@code --gpu-architecture=sm_N} must be one
   * @return a cubin
   * @throws FourierException with the compiler's messages if it cannot be compiled
   */
  public byte[] compile(
      String name, String source, Map<String, String> headers, List<String> options) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment place = arena.allocate(JAVA_LONG);
      MemorySegment text = arena.allocateFrom(source);
      MemorySegment title = arena.allocateFrom(name);
      MemorySegment contents = strings(arena, headers.values());
      MemorySegment names = strings(arena, headers.keySet());
      int count = headers.size();
      int code;
      try {
        code =
            (int)
                functions.nvrtcCreateProgram.invokeExact(
                    place, text, title, count, contents, names);
      } catch (Throwable thrown) {
        throw NativeFunctions.refused(thrown);
      }
      check(code, "nvrtcCreateProgram");
      try {
        return compiled(arena, place.get(JAVA_LONG, 0), name, options);
      } finally {
        destroy(place);
      }
    }
  }

  private byte[] compiled(Arena arena, long program, String name, List<String> options) {
    MemorySegment given = strings(arena, options);
    int count = options.size();
    int code;
    try {
      code = (int) functions.nvrtcCompileProgram.invokeExact(program, count, given);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    if (code != 0) {
      throw new FourierException(
          "%s could not compile %s: nvrtcCompileProgram returned %d, %s\n%s"
              .formatted(library(), name, code, codeName(code), log(arena, program)));
    }
    MemorySegment image = arena.allocate(size(arena, functions.nvrtcGetCUBINSize, program));
    get(functions.nvrtcGetCUBIN, program, image, "nvrtcGetCUBIN");
    return image.toArray(JAVA_BYTE);
  }

  private String log(Arena arena, long program) {
    MemorySegment text = arena.allocate(size(arena, functions.nvrtcGetProgramLogSize, program));
    get(functions.nvrtcGetProgramLog, program, text, "nvrtcGetProgramLog");
    return text.getString(0).strip();
  }

  private long size(Arena arena, MethodHandle function, long program) {
    MemorySegment size = arena.allocate(JAVA_LONG);
    get(function, program, size, "asking for a size");
    return size.get(JAVA_LONG, 0);
  }

  private void get(MethodHandle function, long program, MemorySegment out, String doing) {
    int code;
    try {
      code = (int) function.invokeExact(program, out);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    check(code, doing);
  }

  private void destroy(MemorySegment program) {
    int code;
    try {
      code = (int) functions.nvrtcDestroyProgram.invokeExact(program);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    check(code, "nvrtcDestroyProgram");
  }

  private static MemorySegment strings(Arena arena, Iterable<String> texts) {
    List<MemorySegment> each = new ArrayList<>();
    for (String text : texts) {
      each.add(arena.allocateFrom(text));
    }
    MemorySegment array = arena.allocate(ADDRESS, Math.max(1, each.size()));
    for (int i = 0; i < each.size(); i++) {
      array.setAtIndex(ADDRESS, i, each.get(i));
    }
    return array;
  }

  private void check(int code, String function) {
    if (code != 0) {
      throw new FourierException(
          "%s: %s returned %d, %s".formatted(library(), function, code, codeName(code)));
    }
  }

  /** The name of an nvrtcResult (nvrtc.h of CUDA 13). */
  static String codeName(int code) {
    return switch (code) {
      case 1 -> "NVRTC_ERROR_OUT_OF_MEMORY";
      case 2 -> "NVRTC_ERROR_PROGRAM_CREATION_FAILURE";
      case 3 -> "NVRTC_ERROR_INVALID_INPUT";
      case 4 -> "NVRTC_ERROR_INVALID_PROGRAM";
      case 5 -> "NVRTC_ERROR_INVALID_OPTION";
      case 6 -> "NVRTC_ERROR_COMPILATION";
      case 7 -> "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE";
      case 11 -> "NVRTC_ERROR_INTERNAL_ERROR";
      default -> "an nvrtcResult that is not expected here";
    };
  }
}
