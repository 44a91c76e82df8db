package io.fourierft;

/**
 * The ways to add ΔW x, or ΔWᵀ g, without a ΔW. All agree to rounding; the CPU engine has one way,
 * which it takes whatever is asked for.
 */
public enum OperatorPath {
  /** The one that moves fewer bytes, by the lengths and the number of coefficients. */
  AUTO,
  /**
   * One operation after the other, each on all tokens: R2C, products at the places, C2R, addition;
   * on a GPU cuFFT's batched transforms. For tokens of any length.
   */
  STAGED,
  /**
   * One kernel that keeps a token in the GPU's shared memory from its load to the addition; refused
   * where a token and what is added to it do not fit there together.
   */
  FUSED
}
