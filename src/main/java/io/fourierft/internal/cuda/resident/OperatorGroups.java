package io.fourierft.internal.cuda.resident;

import io.fourierft.FourierAdapter;
import io.fourierft.internal.cuda.memory.ResidentTable;
import io.fourierft.internal.cuda.stream.WorkStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The groups of adapters that each stream used lately. Used under the lock of its owner. */
final class OperatorGroups {
  private static final int MOST = 64;

  private final Map<WorkStream, Map<Key, OperatorGroup>> byStream = new WeakHashMap<>();

  /** Replaced while a call or a recording used them. */
  private final List<OperatorGroup> leaving = new ArrayList<>();

  /** Adapters by identity, without looking into them; another list of the same may be unequal. */
  private record Key(int hash, OperatorForm form) {
    static Key of(List<FourierAdapter> adapters, OperatorForm form) {
      int hash = form.hashCode();
      for (int i = 0; i < adapters.size(); i++) {
        hash = 31 * hash + System.identityHashCode(adapters.get(i));
      }
      return new Key(hash, form);
    }

    /** Written out, as is the hash: what a record generates is slow until it is compiled. */
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Key that && hash == that.hash && form == that.form;
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  @Nullable OperatorGroup find(
      WorkStream stream, List<FourierAdapter> adapters, OperatorForm form) {
    Map<Key, OperatorGroup> own = byStream.get(stream);
    OperatorGroup known = own == null ? null : own.get(Key.of(adapters, form));
    return known != null && known.isOf(adapters) ? known : null;
  }

  void put(
      WorkStream stream, List<FourierAdapter> adapters, OperatorForm form, OperatorGroup group) {
    Map<Key, OperatorGroup> own =
        byStream.computeIfAbsent(stream, _ -> new LinkedHashMap<>(16, 0.75f, true));
    OperatorGroup replaced = own.put(Key.of(adapters, form), group);
    if (replaced != null && replaced.isPinned()) {
      leaving.add(replaced);
    }
    Iterator<OperatorGroup> eldest = own.values().iterator();
    while (own.size() > MOST && eldest.hasNext()) {
      if (!eldest.next().isPinned()) {
        eldest.remove();
      }
    }
  }

  /** Every group, of each stream the least recently used first. */
  void forEach(Consumer<OperatorGroup> action) {
    leaving.removeIf(group -> !group.isPinned());
    leaving.forEach(action);
    byStream.values().forEach(own -> own.values().forEach(action));
  }

  /** Forgets the groups of an adapter whose coefficients move. */
  void retireThoseOf(FourierAdapter adapter) {
    forEach(
        group -> {
          if (group.has(adapter)) {
            group.retire();
          }
        });
  }

  /** Forgets the groups that point into one of the tables. */
  void retireThoseWith(Collection<ResidentTable> tables) {
    forEach(
        group -> {
          if (tables.stream().anyMatch(group.parts()::contains)) {
            group.retire();
          }
        });
  }

  /** Adds the tables that a call or a recording uses through a group. */
  void addPinnedTo(Set<ResidentTable> all) {
    forEach(
        group -> {
          if (group.isPinned()) {
            all.addAll(group.parts());
          }
        });
  }

  void clear() {
    byStream.clear();
    leaving.clear();
  }
}
