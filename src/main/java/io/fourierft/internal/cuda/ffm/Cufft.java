package io.fourierft.internal.cuda.ffm;

import java.lang.foreign.MemorySegment;

/**
 * The functions of cuFFT that the engine uses. A plan belongs to the context that was current when
 * it was made and must not run on two threads at once. A failed call throws {@link
 * io.fourierft.cuda.CufftException}.
 */
public interface Cufft {
  /** CUFFT_R2C: real to the non-redundant half of a Hermitian spectrum, sign −. */
  int R2C = 0x2a;

  /** CUFFT_C2R: the non-redundant half of a Hermitian spectrum to real, sign +. */
  int C2R = 0x2c;

  /** CUFFT_C2C: complex to complex. */
  int C2C = 0x29;

  /** CUFFT_INVERSE: the sign + in the exponent; nothing is scaled. */
  int INVERSE = 1;

  /** CUFFT_CB_LD_COMPLEX: a callback that loads complex elements. */
  int LOAD_COMPLEX = 0;

  /** CUFFT_CB_ST_REAL: a callback that stores real elements. */
  int STORE_REAL = 6;

  /** The library, as it was loaded. */
  String library();

  /** 1000·major + 100·minor + patch, as 11200 of cuFFT 11.2 and 12000 of 12.0. */
  int getVersion();

  /** An empty plan. */
  int create();

  /** Frees a plan. */
  void destroy(int plan);

  /** Whether cuFFT takes the work area of a plan from the device itself. */
  void setAutoAllocation(int plan, boolean automatic);

  /** Whether {@link #setJitCallback} can be called. */
  boolean takesCallbacks();

  /**
   * Gives an empty plan a callback, which is linked into its kernels when it is made. The segments
   * must live as long as the plan.
   *
   * @param symbol the callback's C++ name, ending in a 0
   * @param image an image of LTO-IR that holds it
   * @param type {@link #LOAD_COMPLEX} or {@link #STORE_REAL}
   * @param callerInfos native array of one device pointer, which every call of it gets
   * @throws UnsupportedOperationException if this cuFFT takes none
   */
  void setJitCallback(
      int plan, MemorySegment symbol, MemorySegment image, int type, MemorySegment callerInfos);

  /** Memory that a plan may use while it runs. */
  void setWorkArea(int plan, long pointer);

  /** The stream that a plan runs on. */
  void setStream(int plan, long stream);

  /**
   * Fills an empty plan.
   *
   * @return bytes of work area
   */
  long makePlanMany64(int plan, PlanLayout layout);

  /** Runs a C2C plan. */
  void execC2C(int plan, long input, long output, int direction);

  /** Runs an R2C plan. */
  void execR2C(int plan, long input, long output);

  /** Runs a C2R plan, which may overwrite its input. */
  void execC2R(int plan, long input, long output);
}
