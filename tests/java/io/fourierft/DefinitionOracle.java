package io.fourierft;

import java.util.List;

/**
 * FourierFT in float64 straight from the definition, slow and obvious: the yardstick of every
 * engine. Each angle is reduced to an exact fraction of a turn before its cosine is taken.
 */
public final class DefinitionOracle {
  private DefinitionOracle() {}

  /** ΔW, row-major {@code [rows*cols]}. O(n·rows·cols), by products of tables of cosines. */
  public static double[] delta(FourierAdapter adapter) {
    int rows = adapter.rows();
    int cols = adapter.cols();
    double[] delta = new double[Math.multiplyExact(rows, cols)];
    double factor = (double) adapter.scaling() / ((double) rows * cols);
    double[] rowCosines = cosines(rows);
    double[] colCosines = cosines(cols);
    double[] rowSines = sines(rows);
    double[] colSines = sines(cols);
    for (int k = 0; k < adapter.nFrequency(); k++) {
      double c = adapter.coefficient(k);
      long u = adapter.locations().row(k);
      long v = adapter.locations().col(k);
      for (int p = 0; p < rows; p++) {
        int a = (int) (u * p % rows);
        double re = c * rowCosines[a];
        double im = c * rowSines[a];
        long angle = 0;
        for (int q = 0; q < cols; q++) {
          delta[p * cols + q] += re * colCosines[(int) angle] - im * colSines[(int) angle];
          angle += v;
          if (angle >= cols) {
            angle -= cols;
          }
        }
      }
    }
    for (int i = 0; i < delta.length; i++) {
      delta[i] *= factor;
    }
    return delta;
  }

  /** y += ΔW x for one token, from the dense ΔW. */
  public static void apply(FourierAdapter adapter, double[] x, double[] y) {
    double[] delta = delta(adapter);
    for (int p = 0; p < adapter.rows(); p++) {
      double sum = 0;
      for (int q = 0; q < adapter.cols(); q++) {
        sum += delta[p * adapter.cols() + q] * x[q];
      }
      y[p] += sum;
    }
  }

  /** gx += ΔWᵀ g for one token, from the dense ΔW. */
  public static void applyTransposed(FourierAdapter adapter, double[] g, double[] gx) {
    double[] delta = delta(adapter);
    for (int p = 0; p < adapter.rows(); p++) {
      for (int q = 0; q < adapter.cols(); q++) {
        gx[q] += delta[p * adapter.cols() + q] * g[p];
      }
    }
  }

  /** gradient[k] += ∂L/∂c[k] of one token: scaling/(rows·cols) · Σ g[p]·x[q]·cos(…). */
  public static void spectrumGradient(
      FourierAdapter adapter, double[] x, double[] g, double[] gradient) {
    double factor = (double) adapter.scaling() / ((double) adapter.rows() * adapter.cols());
    for (int k = 0; k < gradient.length; k++) {
      double[] xk = wave(x, adapter.locations().col(k));
      double[] gk = wave(g, adapter.locations().row(k));
      gradient[k] += factor * (xk[0] * gk[0] - xk[1] * gk[1]);
    }
  }

  /** The gradient of the coefficients from a dense upstream gradient H of ΔW. */
  public static double[] spectrumGradientFromDelta(FourierAdapter adapter, double[] h) {
    int rows = adapter.rows();
    int cols = adapter.cols();
    double factor = (double) adapter.scaling() / ((double) rows * cols);
    double[] gradient = new double[adapter.nFrequency()];
    double[] rowCosines = cosines(rows);
    double[] colCosines = cosines(cols);
    double[] rowSines = sines(rows);
    double[] colSines = sines(cols);
    for (int k = 0; k < gradient.length; k++) {
      long u = adapter.locations().row(k);
      long v = adapter.locations().col(k);
      double sum = 0;
      for (int p = 0; p < rows; p++) {
        int a = (int) (u * p % rows);
        for (int q = 0; q < cols; q++) {
          int b = (int) (v * q % cols);
          sum += h[p * cols + q] * (rowCosines[a] * colCosines[b] - rowSines[a] * colSines[b]);
        }
      }
      gradient[k] = factor * sum;
    }
    return gradient;
  }

  /** The sum of several adapters' ΔW. */
  public static double[] delta(List<FourierAdapter> adapters) {
    double[] sum = delta(adapters.getFirst());
    for (FourierAdapter adapter : adapters.subList(1, adapters.size())) {
      double[] next = delta(adapter);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += next[i];
      }
    }
    return sum;
  }

  /**
   * ‖actual − expected‖ / ‖expected‖, Frobenius; the plain norm of the difference if expected is 0.
   */
  public static double relativeError(float[] actual, double[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      norm += expected[i] * expected[i];
    }
    return norm == 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
  }

  /** max |actual − expected| / max |expected|; the largest difference if expected is 0. */
  public static double maximumError(float[] actual, double[] expected) {
    double difference = 0;
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
      largest = Math.max(largest, Math.abs(expected[i]));
    }
    return largest == 0 ? difference : difference / largest;
  }

  private static double[] wave(double[] signal, long frequency) {
    double[] cosines = cosines(signal.length);
    double[] sines = sines(signal.length);
    double re = 0;
    double im = 0;
    for (int j = 0; j < signal.length; j++) {
      int angle = (int) (frequency * j % signal.length);
      re += signal[j] * cosines[angle];
      im += signal[j] * sines[angle];
    }
    return new double[] {re, im};
  }

  private static double[] cosines(int length) {
    double[] table = new double[length];
    for (int j = 0; j < length; j++) {
      table[j] = Math.cos(2 * Math.PI * j / length);
    }
    return table;
  }

  private static double[] sines(int length) {
    double[] table = new double[length];
    for (int j = 0; j < length; j++) {
      table[j] = Math.sin(2 * Math.PI * j / length);
    }
    return table;
  }
}
