package io.fourierft.internal.cuda.ffm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.fourierft.FourierException;
import io.fourierft.cuda.CufftException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** cuFFT through java.lang.foreign. Thread-safe, as far as the plans given to it allow. */
public final class PanamaCufft implements Cufft {
  private static final int CUFFT_OF_CUDA_13 = 12000;

  /** NVFFT_PLAN_PROPERTY_INT64_PATIENT_JIT. */
  private static final int PATIENT_JIT = 1;

  private final CufftFunctions functions;
  private final boolean patient;

  /**
   * Binds every function.
   *
   * @throws io.fourierft.FourierException if the library lacks one
   */
  public PanamaCufft(FoundLibrary library) {
    this(library, false);
  }

  /**
   * Binds every function.
   *
   * @param patient whether cuFFT shall compile the kernels of each plan with more patience, for
   *     faster ones
   * @throws io.fourierft.FourierException if the library lacks one
   */
  public PanamaCufft(FoundLibrary library, boolean patient) {
    this.functions = new CufftFunctions(library.symbols(), library.path());
    this.patient = patient;
    if (patient && functions.cufftSetPlanPropertyInt64 == null) {
      throw new FourierException(
          library.path() + " has no cufftSetPlanPropertyInt64, which patient plans need");
    }
  }

  @Override
  public String library() {
    return functions.library();
  }

  @Override
  public int getVersion() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment version = arena.allocate(JAVA_INT);
      int code;
      try {
        code = (int) functions.cufftGetVersion.invokeExact(version);
      } catch (Throwable thrown) {
        throw NativeFunctions.refused(thrown);
      }
      check(code, "cufftGetVersion", "reading the version");
      return version.get(JAVA_INT, 0);
    }
  }

  @Override
  public int create() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment plan = arena.allocate(JAVA_INT);
      int code;
      try {
        code = (int) functions.cufftCreate.invokeExact(plan);
      } catch (Throwable thrown) {
        throw NativeFunctions.refused(thrown);
      }
      check(code, "cufftCreate", "creating a plan");
      int created = plan.get(JAVA_INT, 0);
      if (patient) {
        bePatient(created);
      }
      return created;
    }
  }

  private void bePatient(int plan) {
    MethodHandle handle = functions.cufftSetPlanPropertyInt64;
    if (handle == null) {
      throw new IllegalStateException("a patient binding has the function");
    }
    int code;
    try {
      code = (int) handle.invokeExact(plan, PATIENT_JIT, 1L);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    if (code != 0) {
      destroy(plan);
      throw failure(code, "cufftSetPlanPropertyInt64", "asking for a patient compiler");
    }
  }

  @Override
  public void destroy(int plan) {
    int code;
    try {
      code = (int) functions.cufftDestroy.invokeExact(plan);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    check(code, "cufftDestroy", "freeing a plan");
  }

  @Override
  public void setAutoAllocation(int plan, boolean automatic) {
    int flag = automatic ? 1 : 0;
    int code;
    try {
      code = (int) functions.cufftSetAutoAllocation.invokeExact(plan, flag);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    check(code, "cufftSetAutoAllocation", "turning a plan's own work area on or off");
  }

  @Override
  public boolean takesCallbacks() {
    return callbackHandle() != null;
  }

  private @Nullable MethodHandle callbackHandle() {
    MethodHandle ofCuda12 = functions.cufftXtSetJITCallbackOfCuda12;
    if (ofCuda12 != null) {
      return ofCuda12;
    }
    return getVersion() >= CUFFT_OF_CUDA_13 ? functions.cufftXtSetJITCallback : null;
  }

  @Override
  public void setJitCallback(
      int plan, MemorySegment symbol, MemorySegment image, int type, MemorySegment callerInfos) {
    MethodHandle handle = callbackHandle();
    if (handle == null) {
      throw new UnsupportedOperationException(library() + " takes no link-time callbacks");
    }
    long bytes = image.byteSize();
    int code;
    try {
      code = (int) handle.invokeExact(plan, symbol, image, bytes, type, callerInfos);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    if (code != 0) {
      throw failure(
          code, "cufftXtSetJITCallback", "giving a plan the callback " + symbol.getString(0));
    }
  }

  @Override
  public void setWorkArea(int plan, long pointer) {
    int code;
    try {
      code = (int) functions.cufftSetWorkArea.invokeExact(plan, pointer);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    check(code, "cufftSetWorkArea", "giving a plan its work area");
  }

  @Override
  public void setStream(int plan, long stream) {
    int code;
    try {
      code = (int) functions.cufftSetStream.invokeExact(plan, stream);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    check(code, "cufftSetStream", "giving a plan its stream");
  }

  @Override
  public long makePlanMany64(int plan, PlanLayout layout) {
    PlanLayout.Side input = layout.input();
    PlanLayout.Side output = layout.output();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment n = arena.allocateFrom(JAVA_LONG, layout.sizes());
      MemorySegment in = arena.allocateFrom(JAVA_LONG, input.embed());
      MemorySegment out = arena.allocateFrom(JAVA_LONG, output.embed());
      MemorySegment work = arena.allocate(JAVA_LONG);
      int rank = layout.sizes().length;
      int code;
      try {
        code =
            (int)
                functions.cufftMakePlanMany64.invokeExact(
                    plan,
                    rank,
                    n,
                    in,
                    input.stride(),
                    input.distance(),
                    out,
                    output.stride(),
                    output.distance(),
                    layout.type(),
                    layout.batch(),
                    work);
      } catch (Throwable thrown) {
        throw NativeFunctions.refused(thrown);
      }
      if (code != 0) {
        throw failure(
            code,
            "cufftMakePlanMany64",
            "planning %d transforms of %s, type 0x%x"
                .formatted(layout.batch(), Arrays.toString(layout.sizes()), layout.type()));
      }
      return work.get(JAVA_LONG, 0);
    }
  }

  @Override
  public void execC2C(int plan, long input, long output, int direction) {
    int code;
    try {
      code = (int) functions.cufftExecC2C.invokeExact(plan, input, output, direction);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    check(code, "cufftExecC2C", "transforming complex to complex");
  }

  @Override
  public void execR2C(int plan, long input, long output) {
    int code;
    try {
      code = (int) functions.cufftExecR2C.invokeExact(plan, input, output);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    check(code, "cufftExecR2C", "transforming real to complex");
  }

  @Override
  public void execC2R(int plan, long input, long output) {
    int code;
    try {
      code = (int) functions.cufftExecC2R.invokeExact(plan, input, output);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    check(code, "cufftExecC2R", "transforming complex to real");
  }

  private void check(int code, String function, String doing) {
    if (code != 0) {
      throw failure(code, function, doing);
    }
  }

  private CufftException failure(int code, String function, String doing) {
    return new CufftException(library(), function, code, codeName(code), doing);
  }

  /** The name of a cufftResult (cufft.h of CUDA 13; 10, 12 and 15 are those of older ones). */
  public static String codeName(int code) {
    return switch (code) {
      case 1 -> "CUFFT_INVALID_PLAN";
      case 2 -> "CUFFT_ALLOC_FAILED";
      case 3 -> "CUFFT_INVALID_TYPE";
      case 4 -> "CUFFT_INVALID_VALUE";
      case 5 -> "CUFFT_INTERNAL_ERROR";
      case 6 -> "CUFFT_EXEC_FAILED";
      case 7 -> "CUFFT_SETUP_FAILED";
      case 8 -> "CUFFT_INVALID_SIZE";
      case 9 -> "CUFFT_UNALIGNED_DATA";
      case 10 -> "CUFFT_INCOMPLETE_PARAMETER_LIST";
      case 11 -> "CUFFT_INVALID_DEVICE";
      case 12 -> "CUFFT_PARSE_ERROR";
      case 13 -> "CUFFT_NO_WORKSPACE";
      case 14 -> "CUFFT_NOT_IMPLEMENTED";
      case 15 -> "CUFFT_LICENSE_ERROR";
      case 16 -> "CUFFT_NOT_SUPPORTED";
      case 17 -> "CUFFT_MISSING_DEPENDENCY";
      case 18 -> "CUFFT_NVRTC_FAILURE";
      case 19 -> "CUFFT_NVJITLINK_FAILURE";
      case 20 -> "CUFFT_NVSHMEM_FAILURE";
      default -> "an unknown cufftResult";
    };
  }
}
