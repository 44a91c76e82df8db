package io.fourierft.internal.cpu;

/** {@code cos(2πj/length)} and the sines, each rounded once from float64. */
final class CosineTable {
  private int length;
  private float[] cosines = {};
  private float[] sines = {};

  /** Fills the table for a length, unless it is there. */
  void resize(int newLength) {
    if (length == newLength) {
      return;
    }
    length = newLength;
    cosines = new float[length];
    sines = new float[length];
    for (int j = 0; j < length; j++) {
      // Quarter turns are exact.
      double angle = 2 * Math.PI * j / length;
      cosines[j] = 4L * j == length || 4L * j == 3L * length ? 0 : (float) Math.cos(angle);
      sines[j] = 2L * j == length ? 0 : (float) Math.sin(angle);
    }
  }

  /** The index of the angle {@code 2π·frequency·position/length}. */
  int index(int frequency, int position) {
    return (int) ((long) frequency * position % length);
  }

  float cosine(int index) {
    return cosines[index];
  }

  float sine(int index) {
    return sines[index];
  }

  /** {@code cosine[q] = cos(2π·frequency·q/length)} and the sine, for all q. */
  void wave(int frequency, float[] cosine, float[] sine) {
    int index = 0;
    for (int q = 0; q < length; q++) {
      cosine[q] = cosines[index];
      sine[q] = sines[index];
      index += frequency - length;
      if (index < 0) {
        index += length;
      }
    }
  }
}
