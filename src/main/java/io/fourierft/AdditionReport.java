package io.fourierft;

/**
 * What adding a ΔW did to a weight. Norms are Frobenius, accumulated in float64.
 *
 * @param elements elements of the weight
 * @param deltaNorm ‖ΔW‖
 * @param weightNorm ‖W‖ before the addition
 * @param maxRoundingError the largest |stored − (W + ΔW)| of the finite results, what the weight's
 *     format cost
 * @param meanRoundingError the mean of the same, over the finite results
 * @param nonFinite results that are NaN or infinite
 */
public record AdditionReport(
    long elements,
    double deltaNorm,
    double weightNorm,
    double maxRoundingError,
    double meanRoundingError,
    long nonFinite) {
  /** ‖ΔW‖/‖W‖; infinite where W is zero and ΔW is not, 0 where both are. */
  public double relativeChange() {
    return deltaNorm == 0 ? 0 : deltaNorm / weightNorm;
  }
}
