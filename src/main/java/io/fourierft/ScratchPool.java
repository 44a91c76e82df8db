package io.fourierft;

import java.util.ArrayList;
import java.util.List;

/** Arrays that are lent out and taken back, so that a repeated call allocates none. Thread-safe. */
final class ScratchPool {
  private static final int KEPT = 32;

  private final List<float[]> free = new ArrayList<>();

  /** An array of at least {@code length} numbers, whose contents are arbitrary. */
  synchronized float[] take(int length) {
    int best = -1;
    for (int i = 0; i < free.size(); i++) {
      int candidate = free.get(i).length;
      if (candidate >= length && (best < 0 || candidate < free.get(best).length)) {
        best = i;
      }
    }
    return best < 0 ? new float[length] : free.remove(best);
  }

  /** Takes back an array that {@link #take} gave. */
  synchronized void give(float[] array) {
    if (free.size() == KEPT) {
      free.removeFirst();
    }
    free.add(array);
  }
}
