package io.fourierft.layer;

import io.fourierft.FourierException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Layers, and values beside them, that change together: what all of them are now is one immutable
 * {@link Moment}, which an {@link #exchange} replaces whole. A pass over many layers that takes a
 * moment and asks each layer {@link FourierLinear#at at} it computes with adapters, weights and
 * flags that were there at once, whatever is changed meanwhile. A layer that was given no group has
 * one of its own.
 *
 * <p>Any number of threads may read moments at any time, and never wait. Exchanges are made one
 * after the other.
 */
public final class LayerGroup {
  private static final System.Logger LOG = System.getLogger(FourierLinear.class.getName());

  private final ReentrantLock turn = new ReentrantLock();
  private volatile Moment moment = new Moment(this, new Object[0]);

  /** The exchange of the thread that holds the lock; null while there is none. */
  private @Nullable Draft draft;

  /** A group without layers. */
  public LayerGroup() {}

  /** What all members are now. */
  public Moment moment() {
    return moment;
  }

  /**
   * Makes changes of members appear at once: to every other thread either all that {@code changes}
   * does to layers and values of this group, or, if it throws, none. The thread itself sees what it
   * has changed so far. An exchange within an exchange is a part of it.
   *
   * @param changes calls changing methods of the group's layers; should not wait for other threads
   */
  public void exchange(Runnable changes) {
    this.<@Nullable Void>exchange(
        () -> {
          changes.run();
          return null;
        });
  }

  /** The same with a result. */
  public <T extends @Nullable Object> T exchange(Supplier<T> changes) {
    turn.lock();
    try {
      Draft outer = draft;
      Draft inner = new Draft(outer, outer == null ? moment.values : outer.values);
      draft = inner;
      T result;
      try {
        result = changes.get();
      } finally {
        draft = outer;
      }
      if (outer == null) {
        moment = new Moment(this, inner.values);
        inner.finish();
      } else {
        outer.take(inner);
      }
      return result;
    } finally {
      turn.unlock();
    }
  }

  /**
   * A value that changes together with the layers.
   *
   * @param first what it is at first; immutable
   */
  public <T> Value<T> share(T first) {
    turn.lock();
    try {
      Value<T> value = new Value<>(this, moment.values.length, first);
      // It is there whatever becomes of the exchanges that it may be made in.
      moment = new Moment(this, appended(moment.values, first));
      for (Draft at = draft; at != null; at = at.outer) {
        at.values = appended(at.values, first);
      }
      return value;
    } finally {
      turn.unlock();
    }
  }

  private static Object[] appended(Object[] values, Object last) {
    Object[] longer = Arrays.copyOf(values, values.length + 1);
    longer[values.length] = last;
    return longer;
  }

  /** Runs {@code work} once the exchange of this thread is seen by others; never if it fails. */
  void afterwards(Runnable work) {
    currentDraft().afterwards.add(work);
  }

  /** Logs a warning once the exchange is made, and once only if many layers have the same. */
  void warn(String message) {
    currentDraft().warnings.add(message);
  }

  /** Refuses a moment of another group. */
  void requireOwn(Moment given) {
    if (given.group != this) {
      throw new FourierException("the moment is one of another group of layers");
    }
  }

  private Draft currentDraft() {
    if (!turn.isHeldByCurrentThread()) {
      throw new IllegalStateException("changed outside of an exchange");
    }
    return Objects.requireNonNull(draft, "changed outside of an exchange");
  }

  /** What every member of a group was at one time. Immutable. */
  public static final class Moment {
    private final LayerGroup group;
    private final Object[] values;

    private Moment(LayerGroup group, Object[] values) {
      this.group = group;
      this.values = values;
    }
  }

  /**
   * One value of a group.
   *
   * @param <T> its immutable type
   */
  public static final class Value<T> {
    private final LayerGroup group;
    private final int index;
    private final T first;

    private Value(LayerGroup group, int index, T first) {
      this.group = group;
      this.index = index;
      this.first = first;
    }

    /** What it is now: in an exchange of this thread, as changed so far. */
    public T now() {
      Draft own = group.turn.isHeldByCurrentThread() ? group.draft : null;
      return read(own == null ? group.moment.values : own.values);
    }

    /**
     * What it was at a moment of its group; its first value if it is younger.
     *
     * @throws FourierException if the moment is of another group
     */
    public T at(Moment moment) {
      group.requireOwn(moment);
      return read(moment.values);
    }

    /** Replaces it; in an exchange others see that when all of it is done. */
    public void set(T next) {
      group.exchange(() -> group.currentDraft().values[index] = next);
    }

    @SuppressWarnings("unchecked") // At an index stands what its value has put there.
    private T read(Object[] values) {
      return index < values.length ? (T) values[index] : first;
    }
  }

  /** An exchange that is being made. */
  private static final class Draft {
    private final @Nullable Draft outer;
    private Object[] values;
    private final List<Runnable> afterwards = new ArrayList<>();
    private final Set<String> warnings = new LinkedHashSet<>();

    Draft(@Nullable Draft outer, Object[] values) {
      this.outer = outer;
      this.values = values.clone();
    }

    void take(Draft inner) {
      values = inner.values;
      afterwards.addAll(inner.afterwards);
      warnings.addAll(inner.warnings);
    }

    void finish() {
      afterwards.forEach(Runnable::run);
      warnings.forEach(warning -> LOG.log(System.Logger.Level.WARNING, warning));
    }
  }
}
