package io.fourierft;

/** The ways to compute a whole ΔW (design: reference, folded, pruned). All agree to rounding. */
public enum DensePath {
  /** The fastest for the shape and the number of coefficients, by the engine's own figures. */
  AUTO,
  /** Scatter into a complex matrix, inverse C2C in two dimensions, real part: the yardstick. */
  REFERENCE,
  /** The half spectrum: C2C along every column up to {@code cols/2}, then C2R along every row. */
  FOLDED,
  /** As folded, but only the columns that hold a coefficient are transformed. */
  PRUNED,
  /** No transform: every coefficient's cosine summed by rotation. For few coefficients. */
  DIRECT,
  /**
   * One kernel that keeps a row from its spectrum to its last store in the GPU's shared memory, as
   * the CPU engine keeps one in its cache; refused where neither a row nor a column fits. The CPU
   * engine takes it as {@link #PRUNED}.
   */
  FUSED
}
