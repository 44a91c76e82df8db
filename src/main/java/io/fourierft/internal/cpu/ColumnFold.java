package io.fourierft.internal.cpu;

/**
 * The places of a spectrum as the columns of its half spectrum: column {@code v} for {@code v ≤
 * cols/2}, else column {@code cols - v} at row {@code -u mod rows}. Entries are sorted by column,
 * then k.
 *
 * <p>Entry e puts c/2 into its column, or c where the column is its own conjugate (0 and cols/2);
 * after a C2C along the column, the imaginary part of such a column is to be ignored.
 *
 * @param rows out_features
 * @param cols in_features
 * @param columns the columns that hold something, ascending
 * @param starts entries of {@code columns[i]} are {@code starts[i]} to {@code starts[i+1] - 1}
 * @param rowOf row of each entry, 0 to rows − 1; two entries of one column may share a row
 * @param sources the coefficient k of each entry; a permutation
 */
@SuppressWarnings(
    "ArrayRecordComponent") // An index shared by all threads; never written or compared.
public record ColumnFold(
    int rows, int cols, int[] columns, int[] starts, int[] rowOf, int[] sources) {
  /** Number of entries, the adapter's n_frequency. */
  public int entries() {
    return sources.length;
  }
}
