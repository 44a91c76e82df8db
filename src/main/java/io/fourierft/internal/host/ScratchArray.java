package io.fourierft.internal.host;

import io.fourierft.HostMatrix;
import io.fourierft.Matrix;

/** An array that is lent and taken back, with the matrix it was last used as. */
public final class ScratchArray {
  private final float[] floats;
  private HostMatrix matrix;

  /** Of at least one number. */
  public ScratchArray(int length) {
    floats = new float[Math.max(1, length)];
    matrix = Matrix.of(floats, 0, 1);
  }

  /** The array. */
  public float[] floats() {
    return floats;
  }

  /** Its first numbers, one row after the other. */
  public HostMatrix matrix(int rows, int cols) {
    if (matrix.rows() != rows || matrix.cols() != cols) {
      matrix = Matrix.of(floats, rows, cols);
    }
    return matrix;
  }
}
