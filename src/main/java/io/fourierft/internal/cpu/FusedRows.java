package io.fourierft.internal.cpu;

import static io.fourierft.internal.cpu.FusedMultiplyAdd.multiplyAdd;

/**
 * Weighted sums of rows with fused multiply-adds where they are instructions, in plain loops that
 * the compiler turns into vector instructions: every line is an array of its own. A sum's terms are
 * added in the order of the rows, whichever method adds them.
 */
final class FusedRows {
  private FusedRows() {}

  /**
   * {@code sums[t][j] += Σ_i tokens[first + t*stride + i]·rows[i][j]} for {@code count} tokens,
   * {@code height} rows and {@code length} places j.
   */
  static void add(
      float[] tokens,
      int first,
      int stride,
      float[][] rows,
      int height,
      float[][] sums,
      int count,
      int length) {
    int together = count - count % 4;
    int whole = height - height % 4;
    for (int t = 0; t < together; t += 4) {
      for (int i = 0; i < whole; i += 4) {
        int at = first + t * stride + i;
        addFourToFour(tokens, at, stride, rows, i, sums, t, length);
      }
    }
    for (int t = together; t < count; t++) {
      for (int i = 0; i < whole; i += 4) {
        addFourToOne(tokens, first + t * stride + i, rows, i, sums[t], length);
      }
    }
    for (int t = 0; t < count; t++) {
      for (int i = whole; i < height; i++) {
        addOne(tokens[first + t * stride + i], rows[i], sums[t], length);
      }
    }
  }

  private static void addOne(float factor, float[] row, float[] sums, int length) {
    for (int j = 0; j < length; j++) {
      sums[j] = multiplyAdd(factor, row[j], sums[j]);
    }
  }

  private static void addFourToOne(
      float[] tokens, int at, float[][] rows, int i, float[] sum, int length) {
    float[] r0 = rows[i];
    float[] r1 = rows[i + 1];
    float[] r2 = rows[i + 2];
    float[] r3 = rows[i + 3];
    float a0 = tokens[at];
    float a1 = tokens[at + 1];
    float a2 = tokens[at + 2];
    float a3 = tokens[at + 3];
    for (int j = 0; j < length; j++) {
      sum[j] =
          multiplyAdd(
              a3,
              r3[j],
              multiplyAdd(a2, r2[j], multiplyAdd(a1, r1[j], multiplyAdd(a0, r0[j], sum[j]))));
    }
  }

  private static void addFourToFour(
      float[] tokens,
      int at,
      int stride,
      float[][] rows,
      int i,
      float[][] sums,
      int t,
      int length) {
    float[] r0 = rows[i];
    float[] r1 = rows[i + 1];
    float[] r2 = rows[i + 2];
    float[] r3 = rows[i + 3];
    float[] s0 = sums[t];
    float[] s1 = sums[t + 1];
    float[] s2 = sums[t + 2];
    float[] s3 = sums[t + 3];
    float a0 = tokens[at];
    float a1 = tokens[at + 1];
    float a2 = tokens[at + 2];
    float a3 = tokens[at + 3];
    int b = at + stride;
    float b0 = tokens[b];
    float b1 = tokens[b + 1];
    float b2 = tokens[b + 2];
    float b3 = tokens[b + 3];
    int c = b + stride;
    float c0 = tokens[c];
    float c1 = tokens[c + 1];
    float c2 = tokens[c + 2];
    float c3 = tokens[c + 3];
    int d = c + stride;
    float d0 = tokens[d];
    float d1 = tokens[d + 1];
    float d2 = tokens[d + 2];
    float d3 = tokens[d + 3];
    for (int j = 0; j < length; j++) {
      float x0 = r0[j];
      float x1 = r1[j];
      float x2 = r2[j];
      float x3 = r3[j];
      s0[j] =
          multiplyAdd(a3, x3, multiplyAdd(a2, x2, multiplyAdd(a1, x1, multiplyAdd(a0, x0, s0[j]))));
      s1[j] =
          multiplyAdd(b3, x3, multiplyAdd(b2, x2, multiplyAdd(b1, x1, multiplyAdd(b0, x0, s1[j]))));
      s2[j] =
          multiplyAdd(c3, x3, multiplyAdd(c2, x2, multiplyAdd(c1, x1, multiplyAdd(c0, x0, s2[j]))));
      s3[j] =
          multiplyAdd(d3, x3, multiplyAdd(d2, x2, multiplyAdd(d1, x1, multiplyAdd(d0, x0, s3[j]))));
    }
  }
}
