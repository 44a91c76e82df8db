package io.fourierft.internal.cpu;

import io.fourierft.SpectralLocations;
import java.util.Arrays;

/**
 * Rows of ΔW without a transform: every coefficient adds {@code c·(cos α·cos β − sin α·sin β)}, α
 * the angle of the row, β that of the column. Scratch of one thread.
 *
 * <p>Four coefficients are added at a time, each line in an array of its own, so that the compiler
 * can keep them in vector registers. Every {@value #BLOCK} coefficients the partial sum is added to
 * the rest, which keeps the rounding errors of many coefficients small.
 */
final class DirectSum {
  private static final int GROUP = 4;
  private static final int BLOCK = 64;

  private final float[][] cosines = new float[GROUP][0];
  private final float[][] sines = new float[GROUP][0];
  private final float[] re = new float[GROUP];
  private final float[] im = new float[GROUP];
  private float[][] lines = {};

  /**
   * {@code values[r*cols + q] = Σ_k c[k]·cos(2π(u[k]·(first + r)/rows + v[k]·q/cols))}, not scaled.
   */
  void rows(
      DenseCoefficients coefficients,
      CosineTable rowTable,
      CosineTable colTable,
      int first,
      int count,
      float[] values) {
    SpectralLocations locations = coefficients.locations();
    int cols = locations.cols();
    resize(count, cols);
    Arrays.fill(values, 0, count * cols, 0);
    for (int block = 0; block < locations.nFrequency(); block += BLOCK) {
      int end = Math.min(locations.nFrequency(), block + BLOCK);
      for (int r = 0; r < count; r++) {
        Arrays.fill(lines[r], 0, cols, 0);
      }
      for (int k = block; k < end; k += GROUP) {
        addGroup(coefficients, rowTable, colTable, k, Math.min(GROUP, end - k), first, count);
      }
      for (int r = 0; r < count; r++) {
        addLine(lines[r], values, r * cols, cols);
      }
    }
  }

  private void resize(int count, int cols) {
    for (int j = 0; j < GROUP; j++) {
      if (cosines[j].length < cols) {
        cosines[j] = new float[cols];
        sines[j] = new float[cols];
      }
    }
    if (lines.length < count) {
      int old = lines.length;
      lines = Arrays.copyOf(lines, count);
      Arrays.fill(lines, old, count, new float[0]);
    }
    for (int r = 0; r < count; r++) {
      if (lines[r].length < cols) {
        lines[r] = new float[cols];
      }
    }
  }

  private void addGroup(
      DenseCoefficients coefficients,
      CosineTable rowTable,
      CosineTable colTable,
      int k,
      int size,
      int first,
      int count) {
    SpectralLocations locations = coefficients.locations();
    for (int j = 0; j < size; j++) {
      colTable.wave(locations.col(k + j), cosines[j], sines[j]);
    }
    for (int r = 0; r < count; r++) {
      // A group that is not full adds nothing in its other places: their waves are finite.
      for (int j = 0; j < GROUP; j++) {
        re[j] = 0;
        im[j] = 0;
      }
      for (int j = 0; j < size; j++) {
        int turn = rowTable.index(locations.row(k + j), first + r);
        re[j] = coefficients.values()[k + j] * rowTable.cosine(turn);
        im[j] = coefficients.values()[k + j] * rowTable.sine(turn);
      }
      if (size == 1) {
        addOne(lines[r], locations.cols());
      } else {
        addFour(lines[r], locations.cols());
      }
    }
  }

  private void addOne(float[] line, int cols) {
    float[] cosine = cosines[0];
    float[] sine = sines[0];
    float real = re[0];
    float imaginary = im[0];
    for (int q = 0; q < cols; q++) {
      line[q] += real * cosine[q] - imaginary * sine[q];
    }
  }

  private void addFour(float[] line, int cols) {
    float[] c0 = cosines[0];
    float[] c1 = cosines[1];
    float[] c2 = cosines[2];
    float[] c3 = cosines[3];
    float[] s0 = sines[0];
    float[] s1 = sines[1];
    float[] s2 = sines[2];
    float[] s3 = sines[3];
    float a0 = re[0];
    float a1 = re[1];
    float a2 = re[2];
    float a3 = re[3];
    float b0 = im[0];
    float b1 = im[1];
    float b2 = im[2];
    float b3 = im[3];
    for (int q = 0; q < cols; q++) {
      line[q] +=
          ((a0 * c0[q] - b0 * s0[q]) + (a1 * c1[q] - b1 * s1[q]))
              + ((a2 * c2[q] - b2 * s2[q]) + (a3 * c3[q] - b3 * s3[q]));
    }
  }

  private static void addLine(float[] line, float[] values, int at, int count) {
    for (int q = 0; q < count; q++) {
      values[at + q] += line[q];
    }
  }
}
