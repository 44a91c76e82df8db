package io.fourierft.lora;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * A real sparse matrix by its entries: entry i has {@code value[i]} at {@code (row[i], column[i])},
 * no place twice. Rows and columns are numbered without gaps, each holds an entry, and each has the
 * name that it had in the matrix that this one was taken from.
 */
final class SparseBlock {
  private final int[] rowNames;
  private final int[] columnNames;
  private final int[] row;
  private final int[] column;
  private final double[] value;

  private SparseBlock(int[] rowNames, int[] columnNames, int[] row, int[] column, double[] value) {
    this.rowNames = rowNames;
    this.columnNames = columnNames;
    this.row = row;
    this.column = column;
    this.value = value;
  }

  /** A matrix of entries by the key of their place. */
  static SparseBlock of(Map<Long, Double> entries) {
    Map<Long, Double> sorted = new TreeMap<>(entries);
    int[] row = sorted.keySet().stream().mapToInt(key -> (int) (key >> 32)).toArray();
    int[] column = sorted.keySet().stream().mapToInt(Long::intValue).toArray();
    double[] value = sorted.values().stream().mapToDouble(Double::doubleValue).toArray();
    int[] rowNames = Arrays.stream(row).distinct().sorted().toArray();
    int[] columnNames = Arrays.stream(column).distinct().sorted().toArray();
    row = Arrays.stream(row).map(name -> Arrays.binarySearch(rowNames, name)).toArray();
    column = Arrays.stream(column).map(name -> Arrays.binarySearch(columnNames, name)).toArray();
    return new SparseBlock(rowNames, columnNames, row, column, value);
  }

  /** The key of a place. */
  static long key(int rowName, int columnName) {
    return (long) rowName << 32 | columnName;
  }

  int rows() {
    return rowNames.length;
  }

  int columns() {
    return columnNames.length;
  }

  /** The name of each row, ascending. */
  int[] rowNames() {
    return rowNames;
  }

  /** The name of each column, ascending. */
  int[] columnNames() {
    return columnNames;
  }

  /** How many entries there are. */
  int entries() {
    return value.length;
  }

  /** The row of an entry. */
  int row(int entry) {
    return row[entry];
  }

  /** The column of an entry. */
  int column(int entry) {
    return column[entry];
  }

  /** An entry's value. */
  double value(int entry) {
    return value[entry];
  }

  /** The Frobenius norm. */
  double norm() {
    return VectorMath.norm(value);
  }

  /** The transpose. */
  SparseBlock transposed() {
    return new SparseBlock(columnNames, rowNames, column, row, value);
  }

  /** The smaller of the two sizes. */
  int smallerSize() {
    return Math.min(rows(), columns());
  }

  /** The product with a vector. */
  double[] times(double[] vector) {
    double[] product = new double[rows()];
    for (int i = 0; i < value.length; i++) {
      product[row[i]] += value[i] * vector[column[i]];
    }
    return product;
  }

  /** The transpose's product with a vector. */
  double[] transposedTimes(double[] vector) {
    double[] product = new double[columns()];
    for (int i = 0; i < value.length; i++) {
      product[column[i]] += value[i] * vector[row[i]];
    }
    return product;
  }

  /** All of it, column by column. */
  double[][] denseColumns() {
    double[][] dense = new double[columns()][rows()];
    for (int i = 0; i < value.length; i++) {
      dense[column[i]][row[i]] = value[i];
    }
    return dense;
  }
}
