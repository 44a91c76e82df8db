package io.fourierft.lora;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The singular values of a sparse matrix, part by part: rows and columns that its entries join,
 * over however many steps, form a part, and no other part's vectors reach into it. The spectrum of
 * an adapter falls into parts of a few rows where n is below the number of bins; beyond that one
 * part grows that holds most of it.
 */
final class ConnectedParts {
  /** Up to this many rows or columns, and up to thrice the wanted number, all are computed. */
  private static final int DENSE_SIZE = 100;

  private ConnectedParts() {}

  /**
   * The largest singular values, the largest first; fewer where the others are zero.
   *
   * @param matrix rows and columns without entries are not numbered
   * @param wanted how many
   */
  static List<SingularTriplet> largest(SparseBlock matrix, int wanted) {
    List<Found> all = new ArrayList<>();
    for (Map<Long, Double> entries : parts(matrix)) {
      SparseBlock part = SparseBlock.of(entries);
      ofPart(part, wanted).forEach(triplet -> all.add(new Found(triplet, part)));
    }
    return all.stream()
        .sorted(Comparator.comparingDouble((Found found) -> found.triplet().value()).reversed())
        .limit(wanted)
        .map(found -> found.in(matrix))
        .toList();
  }

  /** A singular value of a part. */
  private record Found(SingularTriplet triplet, SparseBlock part) {
    SingularTriplet in(SparseBlock whole) {
      return new SingularTriplet(
          triplet.value(),
          spread(triplet.left(), part.rowNames(), whole.rows()),
          spread(triplet.right(), part.columnNames(), whole.columns()));
    }
  }

  private static List<SingularTriplet> ofPart(SparseBlock part, int wanted) {
    if (part.smallerSize() > Math.max(DENSE_SIZE, 3 * wanted)) {
      return LanczosBidiagonalization.largest(part, wanted);
    }
    return part.rows() >= part.columns()
        ? JacobiRotations.decompose(part.denseColumns())
        : JacobiRotations.decompose(part.transposed().denseColumns()).stream()
            .map(SingularTriplet::transposed)
            .toList();
  }

  /** The entries of each part, in the order of the parts' first entries. */
  private static Iterable<Map<Long, Double>> parts(SparseBlock matrix) {
    int[] parent = new int[matrix.rows() + matrix.columns()];
    for (int i = 0; i < parent.length; i++) {
      parent[i] = i;
    }
    for (int i = 0; i < matrix.entries(); i++) {
      int a = root(parent, matrix.row(i));
      int b = root(parent, matrix.rows() + matrix.column(i));
      parent[Math.max(a, b)] = Math.min(a, b);
    }
    Map<Integer, Map<Long, Double>> byRoot = new LinkedHashMap<>();
    for (int i = 0; i < matrix.entries(); i++) {
      byRoot
          .computeIfAbsent(root(parent, matrix.row(i)), key -> new HashMap<>())
          .put(SparseBlock.key(matrix.row(i), matrix.column(i)), matrix.value(i));
    }
    return byRoot.values();
  }

  private static int root(int[] parent, int node) {
    int root = node;
    while (parent[root] != root) {
      parent[root] = parent[parent[root]];
      root = parent[root];
    }
    return root;
  }

  private static double[] spread(double[] values, int[] places, int length) {
    double[] all = new double[length];
    for (int i = 0; i < values.length; i++) {
      all[places[i]] = values[i];
    }
    return all;
  }
}
