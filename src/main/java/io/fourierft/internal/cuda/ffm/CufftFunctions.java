package io.fourierft.internal.cuda.ffm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/** One handle for each function of libcufft, named after the exact symbol. */
public final class CufftFunctions extends NativeFunctions {
  // cufftResult cufftGetVersion(int *version)
  final MethodHandle cufftGetVersion = bind("cufftGetVersion", ADDRESS);
  // cufftResult cufftCreate(cufftHandle *handle)
  final MethodHandle cufftCreate = bind("cufftCreate", ADDRESS);
  // cufftResult cufftDestroy(cufftHandle plan)
  final MethodHandle cufftDestroy = bind("cufftDestroy", JAVA_INT);
  // cufftResult cufftSetAutoAllocation(cufftHandle plan, int autoAllocate)
  final MethodHandle cufftSetAutoAllocation = bind("cufftSetAutoAllocation", JAVA_INT, JAVA_INT);
  // cufftResult cufftSetWorkArea(cufftHandle plan, void *workArea)
  final MethodHandle cufftSetWorkArea = bind("cufftSetWorkArea", JAVA_INT, JAVA_LONG);
  // cufftResult cufftSetStream(cufftHandle plan, cudaStream_t stream)
  final MethodHandle cufftSetStream = bind("cufftSetStream", JAVA_INT, JAVA_LONG);
  // cufftResult cufftMakePlanMany64(cufftHandle plan, int rank, long long *n, long long *inembed,
  //     long long istride, long long idist, long long *onembed, long long ostride,
  //     long long odist, cufftType type, long long batch, size_t *workSize)
  final MethodHandle cufftMakePlanMany64 =
      bind(
          "cufftMakePlanMany64",
          JAVA_INT,
          JAVA_INT,
          ADDRESS,
          ADDRESS,
          JAVA_LONG,
          JAVA_LONG,
          ADDRESS,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_INT,
          JAVA_LONG,
          ADDRESS);
  // cufftResult cufftExecC2C(cufftHandle plan, cufftComplex *in, cufftComplex *out, int direction)
  final MethodHandle cufftExecC2C = bind("cufftExecC2C", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
  // cufftResult cufftExecR2C(cufftHandle plan, cufftReal *idata, cufftComplex *odata)
  final MethodHandle cufftExecR2C = bind("cufftExecR2C", JAVA_INT, JAVA_LONG, JAVA_LONG);
  // cufftResult cufftExecC2R(cufftHandle plan, cufftComplex *idata, cufftReal *odata)
  final MethodHandle cufftExecC2R = bind("cufftExecC2R", JAVA_INT, JAVA_LONG, JAVA_LONG);

  // cufftResult cufftXtSetJITCallback(cufftHandle plan, const char *symbol_name,
  //     const void *fatbin, size_t fatbin_size, cufftXtCallbackType type, void **caller_info)
  final @Nullable MethodHandle cufftXtSetJITCallback = bindCallback("cufftXtSetJITCallback");
  // The same in the cuFFT of CUDA 12, where the plain name had other parameters once.
  final @Nullable MethodHandle cufftXtSetJITCallbackOfCuda12 =
      bindCallback("__cufftXtSetJITCallback_12_7");

  // cufftResult cufftSetPlanPropertyInt64(cufftHandle plan, cufftProperty property, const long long
  //     int propertyValueInt64)
  final @Nullable MethodHandle cufftSetPlanPropertyInt64 =
      bindIfThere("cufftSetPlanPropertyInt64", JAVA_INT, JAVA_INT, JAVA_LONG);

  CufftFunctions(SymbolLookup symbols, String library) {
    super(symbols, library, "the cuFFT of CUDA 11 or later");
  }

  private @Nullable MethodHandle bindCallback(String symbol) {
    return bindIfThere(symbol, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS);
  }
}
