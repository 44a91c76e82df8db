package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/** One complex number, of which the library makes no single ones: spectra are arrays of it. */
public final class ComplexStruct {
  /** The struct {@code fourierft_complex}, as cuFFT's cufftComplex. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_FLOAT.withName("re"), ValueLayout.JAVA_FLOAT.withName("im"))
          .withName("fourierft_complex");

  /** Its size. */
  public static final long BYTES = 2 * Float.BYTES;

  private ComplexStruct() {}
}
