package io.fourierft.internal.definition;

import io.fourierft.AdditionReport;

/**
 * What an engine sums up while it adds a ΔW to a weight, in float64.
 *
 * @param elements elements of the weight
 * @param deltaSquares sum of ΔW²
 * @param weightSquares sum of W², before
 * @param errorSum sum of |stored − (W + ΔW)| of the results that are finite
 * @param largestError the largest of them
 * @param nonFinite results that are NaN or infinite
 */
public record AdditionSums(
    long elements,
    double deltaSquares,
    double weightSquares,
    double errorSum,
    double largestError,
    long nonFinite) {
  /** The report: rounding errors are those of the finite results, and so is their mean. */
  public AdditionReport report() {
    long finite = elements - nonFinite;
    return new AdditionReport(
        elements,
        Math.sqrt(deltaSquares),
        Math.sqrt(weightSquares),
        largestError,
        finite == 0 ? 0 : errorSum / finite,
        nonFinite);
  }
}
