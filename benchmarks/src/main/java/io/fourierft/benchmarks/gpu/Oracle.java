package io.fourierft.benchmarks.gpu;

import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import java.util.Random;

/** The definition in float64 at a few elements, against which results are checked. */
final class Oracle {
  private static final int SAMPLES = 200;

  private Oracle() {}

  /** Cosine and sine of every multiple of a whole turn's {@code length}-th part. */
  private record Turns(double[] cosines, double[] sines) {
    static Turns of(int length) {
      double[] cosines = new double[length];
      double[] sines = new double[length];
      for (int j = 0; j < length; j++) {
        cosines[j] = Math.cos(2 * Math.PI * j / length);
        sines[j] = Math.sin(2 * Math.PI * j / length);
      }
      return new Turns(cosines, sines);
    }

    int of(long frequency, long place) {
      return (int) (frequency * place % cosines.length);
    }
  }

  /** Relative Frobenius error of row {@code p} of a ΔW, over some of its elements. */
  static double deltaRow(FourierAdapter adapter, int p, HostMatrix row) {
    Turns down = Turns.of(adapter.rows());
    Turns across = Turns.of(adapter.cols());
    Random places = new Random(p);
    double[] expected = new double[SAMPLES];
    double[] actual = new double[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      int q = places.nextInt(adapter.cols());
      actual[i] = row.get(0, q);
      for (int k = 0; k < adapter.nFrequency(); k++) {
        int u = down.of(adapter.locations().row(k), p);
        int v = across.of(adapter.locations().col(k), q);
        expected[i] +=
            adapter.coefficient(k)
                * (down.cosines[u] * across.cosines[v] - down.sines[u] * across.sines[v]);
      }
      expected[i] *= factor(adapter);
    }
    return error(actual, expected);
  }

  /** Relative error of ΔW x of one token, over some of its elements. */
  static double applied(FourierAdapter adapter, HostMatrix x, HostMatrix y) {
    int[] places = new Random(adapter.nFrequency()).ints(SAMPLES, 0, adapter.rows()).toArray();
    double[] actual = new double[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      actual[i] = y.get(0, places[i]);
    }
    return error(actual, appliedAt(adapter, x, places));
  }

  /** Elements {@code places} of ΔW x of one token. */
  static double[] appliedAt(FourierAdapter adapter, HostMatrix x, int[] places) {
    int n = adapter.nFrequency();
    int cols = adapter.cols();
    double[] token = new double[cols];
    for (int q = 0; q < cols; q++) {
      token[q] = x.get(0, q);
    }
    Turns across = Turns.of(cols);
    double[] re = new double[n];
    double[] im = new double[n];
    for (int k = 0; k < n; k++) {
      int v = adapter.locations().col(k);
      int turn = 0;
      for (int q = 0; q < cols; q++) {
        re[k] += token[q] * across.cosines[turn];
        im[k] += token[q] * across.sines[turn];
        turn += v;
        turn -= turn >= cols ? cols : 0;
      }
    }
    Turns down = Turns.of(adapter.rows());
    double[] expected = new double[places.length];
    for (int i = 0; i < places.length; i++) {
      for (int k = 0; k < n; k++) {
        int u = down.of(adapter.locations().row(k), places[i]);
        expected[i] += adapter.coefficient(k) * (re[k] * down.cosines[u] - im[k] * down.sines[u]);
      }
      expected[i] *= factor(adapter);
    }
    return expected;
  }

  private static double factor(FourierAdapter adapter) {
    return adapter.scaling() / ((double) adapter.rows() * adapter.cols());
  }

  /** Relative Frobenius error. */
  static double error(double[] actual, double[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      norm += expected[i] * expected[i];
    }
    return Math.sqrt(difference / norm);
  }
}
