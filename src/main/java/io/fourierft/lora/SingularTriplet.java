package io.fourierft.lora;

/** One singular value with its vectors, {@code matrix · right = value · left}. */
final class SingularTriplet {
  private final double value;
  private final double[] left;
  private final double[] right;

  /**
   * Takes the vectors as they are.
   *
   * @param value at least 0
   * @param left of norm 1, by row
   * @param right of norm 1, by column
   */
  SingularTriplet(double value, double[] left, double[] right) {
    this.value = value;
    this.left = left;
    this.right = right;
  }

  double value() {
    return value;
  }

  double[] left() {
    return left;
  }

  double[] right() {
    return right;
  }

  /** That of the transposed matrix. */
  SingularTriplet transposed() {
    return new SingularTriplet(value, right, left);
  }
}
