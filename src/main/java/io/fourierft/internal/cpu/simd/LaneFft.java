package io.fourierft.internal.cpu.simd;

import java.util.List;

/**
 * The complex transform {@code X[k] = Σ_j x[j]·e^{+2πi·j·k/n}} of a block in lane layout ({@link
 * Lanes}): one transform a lane. Unscaled. Immutable, so any number of threads may use one plan,
 * each with memory of its own.
 */
final class LaneFft {
  /** Up to this prime the sum itself is faster than a convolution; measured. */
  static final int LARGEST_DIRECT_RADIX = 250;

  private final int length;
  private final FftPass[] passes;
  private final int scratchFloats;

  private LaneFft(int length, FftPass[] passes) {
    this.length = length;
    this.passes = passes;
    int scratch = 0;
    for (FftPass pass : passes) {
      scratch = Math.max(scratch, pass.scratchFloats());
    }
    this.scratchFloats = scratch;
  }

  /** The plan of a length from 1 on. */
  static LaneFft of(int length) {
    return new LaneFft(length, passes(length, 1, FftLengths.radices(length)));
  }

  /** All passes of a transform but its first, of radix {@code first}. */
  static LaneFft after(int first, int length) {
    int rest = length / first;
    return new LaneFft(length, passes(rest, first, FftLengths.radices(rest)));
  }

  /** All passes of a transform but its last, of radix {@code last}. */
  static LaneFft before(int last, int length) {
    return new LaneFft(length, passes(length, 1, FftLengths.radices(length / last)));
  }

  private static FftPass[] passes(int length, int apart, List<Integer> radices) {
    FftPass[] passes = new FftPass[radices.size()];
    int n = length;
    int s = apart;
    for (int i = 0; i < passes.length; i++) {
      int radix = radices.get(i);
      n /= radix;
      passes[i] = pass(radix, n, s);
      s *= radix;
    }
    return passes;
  }

  private static FftPass pass(int radix, int m, int s) {
    return switch (radix) {
      case 2 -> new Radix2Pass(m, s);
      case 3 -> new Radix3Pass(m, s);
      case 4 -> new Radix4Pass(m, s);
      case 5 -> new Radix5Pass(m, s);
      case 7 -> new Radix7Pass(m, s);
      case 8 -> new Radix8Pass(m, s);
      default ->
          radix <= LARGEST_DIRECT_RADIX ? new OddPass(radix, m, s) : new ChirpPass(radix, m, s);
    };
  }

  /** The length of a transform. */
  int length() {
    return length;
  }

  /** Floats of a block. */
  int blockFloats() {
    return length * Lanes.WIDTH;
  }

  /** Floats of scratch memory that a transform needs. */
  int scratchFloats() {
    return scratchFloats;
  }

  /**
   * Transforms the block at {@code data[dataAt]}; both blocks are overwritten.
   *
   * @param work room for a second block at {@code workAt}, not overlapping the first
   * @param scratch at least {@link #scratchFloats} floats
   * @return whether the result stands in {@code work}; else it stands in {@code data}
   */
  boolean transform(float[] data, int dataAt, float[] work, int workAt, float[] scratch) {
    boolean inWork = false;
    for (FftPass pass : passes) {
      if (inWork) {
        pass.run(work, workAt, data, dataAt, scratch);
      } else {
        pass.run(data, dataAt, work, workAt, scratch);
      }
      inWork = !inWork;
    }
    return inWork;
  }
}
