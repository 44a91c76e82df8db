package io.fourierft.internal.cuda.ffm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** One handle for each function of libnvrtc, named after the exact symbol. */
final class NvrtcFunctions extends NativeFunctions {
  // nvrtcResult nvrtcVersion(int *major, int *minor)
  final MethodHandle nvrtcVersion = bind("nvrtcVersion", ADDRESS, ADDRESS);
  // nvrtcResult nvrtcGetNumSupportedArchs(int *numArchs)
  final MethodHandle nvrtcGetNumSupportedArchs = bind("nvrtcGetNumSupportedArchs", ADDRESS);
  // nvrtcResult nvrtcGetSupportedArchs(int *supportedArchs)
  final MethodHandle nvrtcGetSupportedArchs = bind("nvrtcGetSupportedArchs", ADDRESS);
  // nvrtcResult nvrtcCreateProgram(nvrtcProgram *prog, const char *src, const char *name,
  //     int numHeaders, const char *const *headers, const char *const *includeNames)
  final MethodHandle nvrtcCreateProgram =
      bind("nvrtcCreateProgram", ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
  // nvrtcResult nvrtcDestroyProgram(nvrtcProgram *prog)
  final MethodHandle nvrtcDestroyProgram = bind("nvrtcDestroyProgram", ADDRESS);
  // nvrtcResult nvrtcCompileProgram(nvrtcProgram prog, int numOptions, const char *const *options)
  final MethodHandle nvrtcCompileProgram =
      bind("nvrtcCompileProgram", JAVA_LONG, JAVA_INT, ADDRESS);
  // nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram prog, size_t *logSizeRet)
  final MethodHandle nvrtcGetProgramLogSize = bind("nvrtcGetProgramLogSize", JAVA_LONG, ADDRESS);
  // nvrtcResult nvrtcGetProgramLog(nvrtcProgram prog, char *log)
  final MethodHandle nvrtcGetProgramLog = bind("nvrtcGetProgramLog", JAVA_LONG, ADDRESS);
  // nvrtcResult nvrtcGetCUBINSize(nvrtcProgram prog, size_t *cubinSizeRet)
  final MethodHandle nvrtcGetCUBINSize = bind("nvrtcGetCUBINSize", JAVA_LONG, ADDRESS);
  // nvrtcResult nvrtcGetCUBIN(nvrtcProgram prog, char *cubin)
  final MethodHandle nvrtcGetCUBIN = bind("nvrtcGetCUBIN", JAVA_LONG, ADDRESS);

  NvrtcFunctions(SymbolLookup symbols, String library) {
    super(symbols, library, "the NVRTC of CUDA 11.2 or later");
  }
}
