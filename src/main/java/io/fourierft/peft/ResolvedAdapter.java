package io.fourierft.peft;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An adapter bound to a base model.
 *
 * @param modules the adapted layers, in the adapter's order
 * @param replacements tensors that take the place of the base model's, by the name in the base
 *     model's files; one that the base model does not have is new
 * @param notes what is odd but no error, the adapter's own notes first
 * @param prefix what the adapted model has before all names of the base model's files, with its dot,
 *     where a tensor is new that stands outside it: the output then needs it; else empty
 */
public record ResolvedAdapter(
    List<ResolvedModule> modules, Map<String, ExtraTensor> replacements, List<String> notes, String prefix) {
  /** Copies the collections. */
  public ResolvedAdapter {
    modules = List.copyOf(modules);
    replacements = Collections.unmodifiableMap(new LinkedHashMap<>(replacements));
    notes = List.copyOf(notes);
  }
}
