package io.fourierft.benchmarks;

import io.fourierft.HostMatrix;

/** Which elements of a large result are compared: every {@code stride}-th, an odd stride. */
record SampledPlaces(long length, long stride) {
  private static final int COUNT = 8192;

  static SampledPlaces of(long length) {
    return new SampledPlaces(length, Math.max(1, length / COUNT) | 1);
  }

  int count() {
    return Math.toIntExact((length + stride - 1) / stride);
  }

  /** The elements of {@code matrix} at the places. */
  static float[] of(HostMatrix matrix) {
    SampledPlaces places = of((long) matrix.rows() * matrix.cols());
    float[] values = new float[places.count()];
    for (int i = 0; i < values.length; i++) {
      long at = i * places.stride;
      values[i] = matrix.get((int) (at / matrix.cols()), (int) (at % matrix.cols()));
    }
    return values;
  }

  /** ‖a − b‖ / ‖b‖. */
  static double relativeDifference(float[] a, float[] b) {
    if (a.length != b.length) {
      throw new IllegalStateException(
          "results of %d and %d sampled elements cannot be compared".formatted(a.length, b.length));
    }
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < a.length; i++) {
      difference += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
      norm += (double) b[i] * b[i];
    }
    return norm == 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
  }
}
