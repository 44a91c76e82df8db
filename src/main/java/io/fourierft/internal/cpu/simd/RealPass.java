package io.fourierft.internal.cpu.simd;

/** A pass of a real transform that is also the step from or to the packed numbers. Immutable. */
interface RealPass {
  /**
   * Runs the pass.
   *
   * @param inAt index of the first float of the block in {@code in}
   * @param outAt the same in {@code out}; the two blocks must not overlap
   */
  void run(float[] in, int inAt, float[] out, int outAt);
}
