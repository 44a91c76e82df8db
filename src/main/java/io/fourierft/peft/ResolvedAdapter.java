package io.fourierft.peft;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * An adapter bound to a base model.
 *
 * @param modules the adapted layers, in the adapter's order
 * @param replacements tensors that take the place of the base model's, by the name in the base
 *     model's files; one that the base model does not have is new
 * @param parts tensors that take the place of some rows of the base model's, which hold them fused
 *     with others or in pieces
 * @param notes what is odd but no error, the adapter's own notes first
 * @param prefix what the adapted model has before the names of the base model's files, with its
 *     dot: {@code bert.} where the base is the bare model; mostly empty
 * @param originals what biases of modules saved whole were before training, by the name that the
 *     trained ones have in the base model's files; PEFT writes them with a resized vocabulary
 * @param currentNames from the name that a tensor has in the adapted model, as {@code
 *     model.layers.0.mlp.up_proj.weight}, to the one that {@link BaseModel#tensor} has for it
 * @param newTensors which of the replacements are of tensors that the base model does not have
 */
public record ResolvedAdapter(
    List<ResolvedModule> modules,
    Map<String, ExtraTensor> replacements,
    List<PartReplacement> parts,
    Map<String, ExtraTensor> originals,
    List<String> notes,
    String prefix,
    UnaryOperator<String> currentNames,
    Set<String> newTensors) {
  /** Copies the collections. */
  public ResolvedAdapter {
    modules = List.copyOf(modules);
    replacements = Collections.unmodifiableMap(new LinkedHashMap<>(replacements));
    parts = List.copyOf(parts);
    originals = Map.copyOf(originals);
    notes = List.copyOf(notes);
    newTensors = Set.copyOf(newTensors);
  }

  /**
   * A tensor that takes the place of some rows of another.
   *
   * @param slice which rows
   * @param tensor the tensor; the slice is of its rows
   */
  public record PartReplacement(WeightSlice slice, ExtraTensor tensor) {}
}
