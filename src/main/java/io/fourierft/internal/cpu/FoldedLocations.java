package io.fourierft.internal.cpu;

import io.fourierft.SpectralLocations;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The indices that the kernels need for one set of places, each made when it is first asked for.
 * Thread-safe; a pure function of the places, which it does not keep alive: whoever asks holds an
 * adapter that does.
 */
public final class FoldedLocations extends WeakReference<SpectralLocations> {
  private volatile @Nullable SpectralFold forward;
  private volatile @Nullable SpectralFold transposed;
  private volatile @Nullable ColumnFold columns;

  public FoldedLocations(SpectralLocations locations) {
    super(locations);
  }

  /** The places. */
  public SpectralLocations locations() {
    SpectralLocations locations = get();
    if (locations == null) {
      throw new IllegalStateException("the locations were collected while their index was in use");
    }
    return locations;
  }

  /** From half spectra of length cols to half spectra of length rows: the operator ΔW. */
  public SpectralFold forward() {
    SpectralFold fold = forward;
    if (fold == null) {
      fold = fold(false);
      forward = fold;
    }
    return fold;
  }

  /** From half spectra of length rows to half spectra of length cols: the operator ΔWᵀ. */
  public SpectralFold transposed() {
    SpectralFold fold = transposed;
    if (fold == null) {
      fold = fold(true);
      transposed = fold;
    }
    return fold;
  }

  /** For the dense paths. */
  public ColumnFold columns() {
    ColumnFold fold = columns;
    if (fold == null) {
      fold = foldColumns();
      columns = fold;
    }
    return fold;
  }

  private SpectralFold fold(boolean transpose) {
    SpectralLocations locations = locations();
    int n = locations.count();
    int inLength = transpose ? locations.rows() : locations.cols();
    int outLength = transpose ? locations.cols() : locations.rows();
    long[] keys = new long[n];
    for (int k = 0; k < n; k++) {
      int out = transpose ? locations.col(k) : locations.row(k);
      keys[k] = (long) Math.min(out, outLength - out) << 32 | k;
    }
    Arrays.sort(keys);
    int[] inBins = new int[n];
    float[] signs = new float[n];
    int[] sources = new int[n];
    for (int e = 0; e < n; e++) {
      int k = (int) keys[e];
      int out = transpose ? locations.col(k) : locations.row(k);
      int in = transpose ? locations.row(k) : locations.col(k);
      inBins[e] = Math.min(in, inLength - in);
      signs[e] = (2L * in > inLength) == (2L * out > outLength) ? 1 : -1;
      sources[e] = k;
    }
    Groups groups = Groups.of(keys);
    return new SpectralFold(
        inLength, outLength, groups.values, groups.starts, inBins, signs, sources);
  }

  private ColumnFold foldColumns() {
    SpectralLocations locations = locations();
    int n = locations.count();
    int rows = locations.rows();
    int cols = locations.cols();
    long[] keys = new long[n];
    for (int k = 0; k < n; k++) {
      int v = locations.col(k);
      keys[k] = (long) Math.min(v, cols - v) << 32 | k;
    }
    Arrays.sort(keys);
    int[] rowOf = new int[n];
    int[] sources = new int[n];
    for (int e = 0; e < n; e++) {
      int k = (int) keys[e];
      int u = locations.row(k);
      boolean mirrored = 2L * locations.col(k) > cols && u != 0;
      rowOf[e] = mirrored ? rows - u : u;
      sources[e] = k;
    }
    Groups groups = Groups.of(keys);
    return new ColumnFold(rows, cols, groups.values, groups.starts, rowOf, sources);
  }

  /** Runs of equal upper halves in sorted keys. */
  private static final class Groups {
    final int[] values;
    final int[] starts;

    private Groups(int[] values, int[] starts) {
      this.values = values;
      this.starts = starts;
    }

    static Groups of(long[] keys) {
      int count = 0;
      for (int e = 0; e < keys.length; e++) {
        if (e == 0 || keys[e] >>> 32 != keys[e - 1] >>> 32) {
          count++;
        }
      }
      int[] values = new int[count];
      int[] starts = new int[count + 1];
      int group = 0;
      for (int e = 0; e < keys.length; e++) {
        if (e == 0 || keys[e] >>> 32 != keys[e - 1] >>> 32) {
          values[group] = (int) (keys[e] >>> 32);
          starts[group++] = e;
        }
      }
      starts[count] = keys.length;
      return new Groups(values, starts);
    }
  }
}
