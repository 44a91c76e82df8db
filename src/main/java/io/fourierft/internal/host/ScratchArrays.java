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

  private SoftReference<List<ScratchArray>> free = new SoftReference<>(new ArrayList<>());

  /** Holds nothing yet. */
  public ScratchArrays() {}

  /**
   * An array of at least {@code rows * cols} floats, contents arbitrary.
   *
   * @throws ShapeException if no array can be that long
   */
  public ScratchArray take(int rows, int cols) {
    long elements = (long) rows * cols;
    if (elements > Integer.MAX_VALUE - 8) {
      throw new ShapeException(
          "%d x %d numbers do not fit a Java array; compute with fewer tokens at a time"
              .formatted(rows, cols));
    }
    return take((int) elements);
  }

  /**
   * The smallest that has at least {@code wanted} floats, or a new one; contents arbitrary. Of
   * equal ones that which came back last, so that each is used as the same matrix from call to
   * call.
   */
  public synchronized ScratchArray take(int wanted) {
    List<ScratchArray> list = list();
    int best = -1;
    for (int i = list.size() - 1; i >= 0; i--) {
      int candidate = list.get(i).floats().length;
      if (candidate >= wanted && (best < 0 || candidate < list.get(best).floats().length)) {
        best = i;
      }
    }
    return best < 0 ? new ScratchArray(wanted) : list.remove(best);
  }

  /** Takes back what {@link #take} gave. */
  public synchronized void give(ScratchArray array) {
    List<ScratchArray> list = list();
    if (list.size() == KEPT) {
      list.removeFirst();
    }
    list.add(array);
  }

  private List<ScratchArray> list() {
    List<ScratchArray> list = free.get();
    if (list == null) {
      list = new ArrayList<>();
      free = new SoftReference<>(list);
    }
    return list;
  }
}
