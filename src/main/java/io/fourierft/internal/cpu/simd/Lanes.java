package io.fourierft.internal.cpu.simd;

import java.util.Locale;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector shape of all kernels, and the layout that they share.
 *
 * <p><b>Lane layout.</b> A block holds {@link #COUNT} sequences, one a lane. Complex element j of
 * all of them stands at {@code [j*WIDTH, (j+1)*WIDTH)}: first the real parts lane by lane, then the
 * imaginary parts. Read as real numbers, the same memory holds real element i of all sequences at
 * {@code [i*COUNT, (i+1)*COUNT)}.
 */
final class Lanes {
  /** The widest shape that the machine computes all element types in. */
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /** Lanes of a vector: a power of two. */
  static final int COUNT = SPECIES.length();

  /** Floats of one complex element of a block. */
  static final int WIDTH = 2 * COUNT;

  /**
   * Whether a fused multiply-add is one instruction. Without the instruction it is computed exactly
   * in software, a thousand times slower. Processors of x86 have it since they have 256-bit integer
   * vectors, those of ARM always.
   */
  static final boolean FUSED =
      COUNT >= 8 || System.getProperty("os.arch", "").toLowerCase(Locale.ROOT).equals("aarch64");

  /**
   * Whether a vector of numbers from anywhere in an array is one instruction: with the 256-bit
   * integer vectors of x86 and with long vectors of ARM.
   */
  static final boolean GATHERS = COUNT >= 8;

  private Lanes() {}

  /** {@code count} rounded up to whole vectors. */
  static int roundUp(int count) {
    return (count + COUNT - 1) / COUNT * COUNT;
  }
}
