package io.fourierft.internal.checks;

import io.fourierft.AdapterRouting;

/** Which way the operator is applied, and what the interface calls its two matrices then. */
public enum Direction {
  /** {@code y += ΔW x}. */
  FORWARD("x", "y"),
  /** {@code gx += ΔWᵀ g}. */
  TRANSPOSED("g", "gx");

  private final String input;
  private final String output;

  Direction(String input, String output) {
    this.input = input;
    this.output = output;
  }

  /** Whether it is ΔWᵀ that is applied. */
  public boolean isTransposed() {
    return this == TRANSPOSED;
  }

  /** The name of what is read. */
  public String input() {
    return input;
  }

  /** The name of what is added to. */
  public String output() {
    return output;
  }

  /** The features of a token that is read. */
  public int inputFeatures(AdapterRouting routing) {
    return isTransposed() ? routing.rows() : routing.cols();
  }

  /** The features of a token that is added to. */
  public int outputFeatures(AdapterRouting routing) {
    return isTransposed() ? routing.cols() : routing.rows();
  }
}
