package io.fourierft.internal.cpu;

import io.fourierft.SpectralLocations;
import io.fourierft.internal.definition.HalfSpectrum;
import java.lang.ref.SoftReference;
import java.util.Arrays;

/**
 * The indices of equal sets of places, each made when it is first asked for and held softly: those
 * of 100,000 adapters take gigabytes, and can be made again. Thread-safe.
 */
final class Folds {
  private volatile SoftReference<SpectralFold> forward = new SoftReference<>(null);
  private volatile SoftReference<SpectralFold> transposed = new SoftReference<>(null);
  private volatile SoftReference<ColumnFold> columns = new SoftReference<>(null);

  SpectralFold forward(SpectralLocations locations) {
    SpectralFold fold = forward.get();
    if (fold == null) {
      fold = fold(locations, false);
      forward = new SoftReference<>(fold);
    }
    return fold;
  }

  SpectralFold transposed(SpectralLocations locations) {
    SpectralFold fold = transposed.get();
    if (fold == null) {
      fold = fold(locations, true);
      transposed = new SoftReference<>(fold);
    }
    return fold;
  }

  ColumnFold columns(SpectralLocations locations) {
    ColumnFold fold = columns.get();
    if (fold == null) {
      fold = foldColumns(locations);
      columns = new SoftReference<>(fold);
    }
    return fold;
  }

  private static SpectralFold fold(SpectralLocations locations, boolean transpose) {
    int n = locations.nFrequency();
    int inLength = transpose ? locations.rows() : locations.cols();
    int outLength = transpose ? locations.cols() : locations.rows();
    long[] keys = new long[n];
    for (int k = 0; k < n; k++) {
      int out = transpose ? locations.col(k) : locations.row(k);
      keys[k] = (long) HalfSpectrum.bin(out, outLength) << 32 | k;
    }
    Arrays.sort(keys);
    int[] inBins = new int[n];
    float[] signs = new float[n];
    int[] sources = new int[n];
    int[] outOf = new int[n];
    for (int e = 0; e < n; e++) {
      outOf[e] = (int) (keys[e] >>> 32);
      int k = (int) keys[e];
      int out = transpose ? locations.col(k) : locations.row(k);
      int in = transpose ? locations.row(k) : locations.col(k);
      inBins[e] = HalfSpectrum.bin(in, inLength);
      boolean alike =
          HalfSpectrum.isConjugate(in, inLength) == HalfSpectrum.isConjugate(out, outLength);
      signs[e] = alike ? 1 : -1;
      sources[e] = k;
    }
    Groups groups = Groups.of(keys);
    return new SpectralFold(
        inLength,
        outLength,
        groups.values,
        groups.starts,
        outOf,
        inBins,
        signs,
        sources,
        PackedEntries.of(inLength, outLength, outOf, inBins, signs, sources));
  }

  private static ColumnFold foldColumns(SpectralLocations locations) {
    int n = locations.nFrequency();
    int rows = locations.rows();
    int cols = locations.cols();
    long[] keys = new long[n];
    for (int k = 0; k < n; k++) {
      keys[k] = (long) HalfSpectrum.bin(locations.col(k), cols) << 32 | k;
    }
    Arrays.sort(keys);
    int[] rowOf = new int[n];
    int[] sources = new int[n];
    for (int e = 0; e < n; e++) {
      int k = (int) keys[e];
      int u = locations.row(k);
      boolean conjugate = HalfSpectrum.isConjugate(locations.col(k), cols);
      rowOf[e] = conjugate ? HalfSpectrum.mirror(u, rows) : u;
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
