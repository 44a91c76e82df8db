package io.fourierft;

/** The ways to add ΔW x to the output of a layer. Both agree to rounding. */
public enum AdapterPath {
  /** Whichever the layer's {@link CostModel} expects to be faster. */
  AUTO,
  /** The spectral operator: no ΔW is built. */
  SPECTRAL,
  /** ΔW is built, or taken from the layer's cache, and multiplied. */
  DENSE
}
