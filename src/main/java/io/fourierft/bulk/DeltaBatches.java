package io.fourierft.bulk;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/** Cuts a job into batches, each of which an engine computes in one call. */
public final class DeltaBatches {
  private DeltaBatches() {}

  /**
   * Outputs of equal shapes one after the other, as many at a time as the memory holds. One that is
   * larger than it is a batch alone.
   *
   * @param <T> an output
   * @param shapes the same text for outputs whose ΔWs have the same shapes
   * @param bytes what its ΔWs take
   * @param room bytes that a batch may take
   */
  public static <T> List<List<T>> of(
      List<T> outputs, Function<T, String> shapes, ToLongFunction<T> bytes, long room) {
    Map<String, List<T>> byShapes = new LinkedHashMap<>();
    for (T output : outputs) {
      byShapes.computeIfAbsent(shapes.apply(output), key -> new ArrayList<>()).add(output);
    }
    List<List<T>> batches = new ArrayList<>();
    List<T> batch = new ArrayList<>();
    long held = 0;
    for (List<T> alike : byShapes.values()) {
      for (T output : alike) {
        long needed = bytes.applyAsLong(output);
        if (!batch.isEmpty() && held + needed > room) {
          batches.add(batch);
          batch = new ArrayList<>();
          held = 0;
        }
        batch.add(output);
        held += needed;
      }
    }
    if (!batch.isEmpty()) {
      batches.add(batch);
    }
    return batches;
  }
}
