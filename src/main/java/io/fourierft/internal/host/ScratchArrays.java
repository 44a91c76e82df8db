package io.fourierft.internal.host;

import io.fourierft.ShapeException;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.List;

/**
 * Float arrays that are lent out and taken back, so that a repeated call allocates none. What is
 * not lent is held softly: many layers may have some each, and together they give way to the heap's
 * other needs. Thread-safe.
 */
public final class ScratchArrays {
  private static final int KEPT = 32;

  private SoftReference<List<float[]>> free = new SoftReference<>(new ArrayList<>());

  /** Holds nothing yet. */
  public ScratchArrays() {}

  /**
   * An array of at least {@code rows * cols} floats, contents arbitrary.
   *
   * @throws ShapeException if no array can be that long
   */
  public float[] take(int rows, int cols) {
    long elements = (long) rows * cols;
    if (elements > Integer.MAX_VALUE - 8) {
      throw new ShapeException(
          "%d x %d numbers do not fit a Java array; compute with fewer tokens at a time"
              .formatted(rows, cols));
    }
    return take((int) elements);
  }

  /** The smallest that has at least {@code wanted} floats, or a new one; contents arbitrary. */
  public synchronized float[] take(int wanted) {
    List<float[]> list = list();
    int best = -1;
    for (int i = 0; i < list.size(); i++) {
      int candidate = list.get(i).length;
      if (candidate >= wanted && (best < 0 || candidate < list.get(best).length)) {
        best = i;
      }
    }
    return best < 0 ? new float[wanted] : list.remove(best);
  }

  /** Takes back what {@link #take} gave. */
  public synchronized void give(float[] array) {
    List<float[]> list = list();
    if (list.size() == KEPT) {
      list.removeFirst();
    }
    list.add(array);
  }

  private List<float[]> list() {
    List<float[]> list = free.get();
    if (list == null) {
      list = new ArrayList<>();
      free = new SoftReference<>(list);
    }
    return list;
  }
}
