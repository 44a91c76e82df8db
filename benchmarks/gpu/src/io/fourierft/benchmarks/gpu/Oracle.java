package io.fourierft.benchmarks.gpu;

import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import java.util.Random;

/** The definition in float64 at a few elements, against which results are checked. */
final class Oracle {
  private static final int SAMPLES = 200;

  private Oracle() {}

  /** Relative Frobenius error of row {@code p} of a ΔW, over some of its elements. */
  static double deltaRow(FourierAdapter adapter, int p, HostMatrix row) {
    Random places = new Random(p);
    double[] expected = new double[SAMPLES];
    double[] actual = new double[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      int q = places.nextInt(adapter.cols());
      actual[i] = row.get(0, q);
      for (int k = 0; k < adapter.nFrequency(); k++) {
        expected[i] +=
            adapter.coefficient(k)
                * Math.cos(
                    angle(adapter.locations().row(k), p, adapter.rows())
                        + angle(adapter.locations().col(k), q, adapter.cols()));
      }
      expected[i] *= factor(adapter);
    }
    return error(actual, expected);
  }

  /** Relative error of ΔW x of one token, over some of its elements. */
  static double applied(FourierAdapter adapter, HostMatrix x, HostMatrix y) {
    int n = adapter.nFrequency();
    double[] re = new double[n];
    double[] im = new double[n];
    for (int k = 0; k < n; k++) {
      for (int q = 0; q < adapter.cols(); q++) {
        double angle = angle(adapter.locations().col(k), q, adapter.cols());
        re[k] += x.get(0, q) * Math.cos(angle);
        im[k] += x.get(0, q) * Math.sin(angle);
      }
    }
    Random places = new Random(n);
    double[] expected = new double[SAMPLES];
    double[] actual = new double[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      int p = places.nextInt(adapter.rows());
      actual[i] = y.get(0, p);
      for (int k = 0; k < n; k++) {
        double angle = angle(adapter.locations().row(k), p, adapter.rows());
        expected[i] += adapter.coefficient(k) * (re[k] * Math.cos(angle) - im[k] * Math.sin(angle));
      }
      expected[i] *= factor(adapter);
    }
    return error(actual, expected);
  }

  private static double factor(FourierAdapter adapter) {
    return adapter.scaling() / ((double) adapter.rows() * adapter.cols());
  }

  private static double angle(long frequency, long place, long length) {
    return 2 * Math.PI * (frequency * place % length) / length;
  }

  private static double error(double[] actual, double[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      norm += expected[i] * expected[i];
    }
    return Math.sqrt(difference / norm);
  }
}
