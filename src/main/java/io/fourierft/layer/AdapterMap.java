package io.fourierft.layer;

import io.fourierft.FourierAdapter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Adapters by name, in the order in which they were added. Immutable: a change makes another map.
 * Adding one costs the same however many there are, since the new map shares its memory with the
 * old one, which sees no more than it did; every other change copies. Any number of threads may
 * read; changes are made one at a time.
 */
final class AdapterMap {
  private final Map<String, Integer> places;
  private final @Nullable String[] names;
  private final @Nullable FourierAdapter[] adapters;
  private final int size;

  private AdapterMap(
      Map<String, Integer> places,
      @Nullable String[] names,
      @Nullable FourierAdapter[] adapters,
      int size) {
    this.places = places;
    this.names = names;
    this.adapters = adapters;
    this.size = size;
  }

  /** No adapters. */
  static AdapterMap empty() {
    return withRoomFor(8);
  }

  private static AdapterMap withRoomFor(int capacity) {
    return new AdapterMap(
        new ConcurrentHashMap<>(),
        new @Nullable String[capacity],
        new @Nullable FourierAdapter[capacity],
        0);
  }

  int size() {
    return size;
  }

  /** The adapter of that name, null if there is none. */
  @Nullable FourierAdapter get(String name) {
    Integer place = places.get(name);
    return place == null || place >= size ? null : adapters[place];
  }

  boolean contains(String name) {
    return get(name) != null;
  }

  /** All names, in the order added. */
  List<String> names() {
    @SuppressWarnings("NullAway") // The first places are taken.
    List<String> all = List.of(Arrays.copyOf(names, size));
    return all;
  }

  /** This and one more, whose name must be new. */
  AdapterMap plus(String name, FourierAdapter adapter) {
    if (places.size() > size) {
      // Another map has been made of this one, and took the next place.
      return copy(null, null, null).plus(name, adapter);
    }
    boolean full = size == names.length;
    @Nullable String[] nextNames = full ? Arrays.copyOf(names, 2 * size) : names;
    @Nullable FourierAdapter[] nextAdapters = full ? Arrays.copyOf(adapters, 2 * size) : adapters;
    nextNames[size] = name;
    nextAdapters[size] = adapter;
    places.put(name, size);
    return new AdapterMap(places, nextNames, nextAdapters, size + 1);
  }

  /** This with another adapter under a name that is there. */
  AdapterMap with(String name, FourierAdapter adapter) {
    return copy(name, name, adapter);
  }

  /** This without a name that is there. */
  AdapterMap minus(String name) {
    return copy(name, null, null);
  }

  /** This with another name for one that is there, in its place. */
  AdapterMap renamed(String from, String to) {
    return copy(from, to, get(from));
  }

  /** A map of its own, {@code name} replaced, or left out if there is nothing to replace it. */
  private AdapterMap copy(
      @Nullable String name, @Nullable String newName, @Nullable FourierAdapter newAdapter) {
    AdapterMap result = withRoomFor(Math.max(8, size + size / 2));
    for (int i = 0; i < size; i++) {
      String old = names[i];
      FourierAdapter adapter = adapters[i];
      if (old == null || adapter == null) {
        throw new IllegalStateException("place " + i + " of " + size + " is empty");
      }
      if (!old.equals(name)) {
        result = result.plus(old, adapter);
      } else if (newName != null && newAdapter != null) {
        result = result.plus(newName, newAdapter);
      }
    }
    return result;
  }
}
