package io.fourierft.lora;

import io.fourierft.FourierAdapter;
import io.fourierft.internal.definition.DeltaScale;
import io.fourierft.internal.definition.HalfSpectrum;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One of the two real matrices that a ΔW is made of. Since {@code cos(a + b) = cos a·cos b − sin
 * a·sin b},
 *
 * <pre>  ΔW = C·E·Cᵀ + S·O·Sᵀ</pre>
 *
 * where the columns of C are the cosines and those of S the sines of {@link Parity}, orthonormal
 * and orthogonal to each other, and E and O are sparse: each coefficient adds to one entry of
 * either. So the singular values of E and O together are those of ΔW.
 *
 * @param parity cosines or sines
 * @param rows out_features of the layer
 * @param cols in_features of the layer
 * @param matrix E or O, where it has entries at all
 */
record ParityBlock(Parity parity, int rows, int cols, SparseBlock matrix) {
  /** That of an adapter. */
  static ParityBlock of(FourierAdapter adapter, Parity parity) {
    int rows = adapter.rows();
    int cols = adapter.cols();
    double scale = DeltaScale.factor(adapter);
    Map<Long, Double> entries = new HashMap<>();
    for (int k = 0; k < adapter.nFrequency(); k++) {
      int u = adapter.locations().row(k);
      int v = adapter.locations().col(k);
      int rowBin = HalfSpectrum.bin(u, rows);
      int colBin = HalfSpectrum.bin(v, cols);
      double sign = sign(parity, u, rows) * sign(parity, v, cols);
      if (parity == Parity.ODD) {
        sign = -sign;
      }
      double value =
          sign
              * scale
              * adapter.coefficient(k)
              / (Parity.factor(rowBin, rows) * Parity.factor(colBin, cols));
      if (value != 0) {
        entries.merge(SparseBlock.key(rowBin, colBin), value, Double::sum);
      }
    }
    entries.values().removeIf(value -> value == 0);
    return new ParityBlock(parity, rows, cols, SparseBlock.of(entries));
  }

  /** What a basis vector becomes where the index stands in the upper half; 0 for no such vector. */
  private static double sign(Parity parity, int index, int length) {
    if (parity == Parity.EVEN) {
      return 1;
    }
    return HalfSpectrum.isSelfConjugate(HalfSpectrum.bin(index, length), length)
        ? 0
        : HalfSpectrum.isConjugate(index, length) ? -1 : 1;
  }

  /** The sum of the squares: this part of ‖ΔW‖². */
  double energy() {
    double norm = matrix.norm();
    return norm * norm;
  }

  /** The largest singular values, the largest first. */
  List<SingularTriplet> largest(int wanted) {
    return ConnectedParts.largest(matrix, wanted);
  }

  /**
   * Left vectors in the layer's own coordinates: {@code [rows][vectors]}.
   *
   * @param vectors each by the matrix's rows
   */
  double[][] lefts(List<double[]> vectors) {
    return transform(vectors, matrix.rowNames(), rows);
  }

  /** Right vectors in the layer's own coordinates: {@code [cols][vectors]}. */
  double[][] rights(List<double[]> vectors) {
    return transform(vectors, matrix.columnNames(), cols);
  }

  private double[][] transform(List<double[]> vectors, int[] bins, int length) {
    double[][] byBin = new double[bins.length][vectors.size()];
    for (int b = 0; b < bins.length; b++) {
      double factor = Parity.factor(bins[b], length);
      for (int i = 0; i < vectors.size(); i++) {
        byBin[b][i] = factor * vectors.get(i)[b];
      }
    }
    double[] table = parity.table(length);
    double[][] result = new double[length][vectors.size()];
    int[] angle = new int[bins.length];
    for (double[] point : result) {
      for (int b = 0; b < bins.length; b++) {
        VectorMath.add(point, table[angle[b]], byBin[b]);
        angle[b] += bins[b];
        angle[b] -= angle[b] >= length ? length : 0;
      }
    }
    return result;
  }
}
