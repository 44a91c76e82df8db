package io.fourierft.internal.host;

import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;

/**
 * Memory that is lent out and taken back, so that a repeated call allocates none. What is not lent
 * is held softly: many layers may have a shelf each, and together they give way to the heap's other
 * needs. Thread-safe.
 *
 * @param <T> the kind of memory
 */
public final class Shelf<T> {
  private static final int KEPT = 32;

  private final IntFunction<T> maker;
  private final ToIntFunction<T> size;
  private SoftReference<List<T>> free = new SoftReference<>(new ArrayList<>());

  private Shelf(IntFunction<T> maker, ToIntFunction<T> size) {
    this.maker = maker;
    this.size = size;
  }

  /** A shelf of arrays. */
  public static Shelf<float[]> ofArrays() {
    return new Shelf<>(length -> new float[length], array -> array.length);
  }

  /** A shelf of groups of arrays that are {@code page} long each. */
  public static Shelf<float[][]> ofPages(int page) {
    return new Shelf<>(count -> new float[count][page], pages -> pages.length);
  }

  /** The smallest that has at least {@code wanted} elements, or a new one; contents arbitrary. */
  public synchronized T take(int wanted) {
    List<T> list = list();
    int best = -1;
    for (int i = 0; i < list.size(); i++) {
      int candidate = size.applyAsInt(list.get(i));
      if (candidate >= wanted && (best < 0 || candidate < size.applyAsInt(list.get(best)))) {
        best = i;
      }
    }
    return best < 0 ? maker.apply(wanted) : list.remove(best);
  }

  /** Takes back what {@link #take} gave. */
  public synchronized void give(T memory) {
    List<T> list = list();
    if (list.size() == KEPT) {
      list.removeFirst();
    }
    list.add(memory);
  }

  private List<T> list() {
    List<T> list = free.get();
    if (list == null) {
      list = new ArrayList<>();
      free = new SoftReference<>(list);
    }
    return list;
  }
}
