package io.fourierft.benchmarks;

import java.util.Arrays;

/** Quartiles of a series of samples, linear between neighbours. */
record Spread(double minimum, double lowerQuartile, double median, double upperQuartile) {
  static Spread of(double[] samples) {
    double[] sorted = samples.clone();
    Arrays.sort(sorted);
    return new Spread(sorted[0], at(sorted, 0.25), at(sorted, 0.5), at(sorted, 0.75));
  }

  /** Of {@code numerator[i] / denominator[i]}, the samples of round i on each side. */
  static Spread ofRatio(double[] numerator, double[] denominator) {
    double[] ratios = new double[numerator.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = numerator[i] / denominator[i];
    }
    return of(ratios);
  }

  private static double at(double[] sorted, double quantile) {
    double position = quantile * (sorted.length - 1);
    int below = (int) position;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  }
}
