package io.fourierft.merge;

import static java.util.Objects.requireNonNull;

import io.fourierft.ElementType;
import io.fourierft.FourierException;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.TensorDeclaration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of the output, by their names there: first the base's in its order, then those that
 * it lacks. A bare base beside a head gets what a model with a head has before its names.
 */
final class OutputTensors {
  private final SafetensorsCheckpoint base;
  private final AdapterChanges changes;
  private final @Nullable ElementType wanted;
  private final String prefix;
  private final Map<String, OutputTensor> tensors = new LinkedHashMap<>();

  private OutputTensors(
      SafetensorsCheckpoint base,
      AdapterChanges changes,
      @Nullable ElementType wanted,
      String prefix) {
    this.base = base;
    this.changes = changes;
    this.wanted = wanted;
    this.prefix = prefix;
  }

  /**
   * The tensors that come of a base and what adapters do to it.
   *
   * @param wanted the format of all numbers, or null for that of the base
   * @param parted tensors that are no longer tied, and whose bytes they begin as
   * @param notes takes what is to be said
   * @throws FourierException if what one adapter adds does not fit what another brings
   */
  static OutputTensors of(
      SafetensorsCheckpoint base,
      AdapterChanges changes,
      @Nullable ElementType wanted,
      Map<String, String> parted,
      List<String> notes) {
    OutputTensors output =
        new OutputTensors(base, changes, wanted, prefix(base, changes, parted, notes));
    for (SafetensorsCheckpoint.Location location : base.tensors().values()) {
      String name = location.tensor().name();
      output.plan(name, output.name(name), location);
    }
    output.planNew(parted);
    return output;
  }

  /** All of them; the order is that of the output. */
  Map<String, OutputTensor> all() {
    return tensors;
  }

  /** The name that a tensor of the base has in the output. */
  String name(String baseName) {
    return prefix + baseName;
  }

  /** Beside a head, the names of a bare base need what a model with a head has before them. */
  private static String prefix(
      SafetensorsCheckpoint base,
      AdapterChanges changes,
      Map<String, String> parted,
      List<String> notes) {
    String adapted = changes.prefix();
    boolean headed =
        parted.keySet().stream().anyMatch(name -> !isOfTrunk(base, name))
            || changes.replacements().entrySet().stream()
                .anyMatch(
                    entry ->
                        changes.stored(entry.getKey()).isEmpty()
                            && !entry.getValue().tensor().baseTensor().startsWith(adapted));
    if (!headed || adapted.isEmpty()) {
      return "";
    }
    notes.add(
        "the base model is bare; beside a head the names of its tensors begin with '%s' in the output"
            .formatted(adapted));
    return adapted;
  }

  /** Whether the base has tensors where this one stands. */
  private static boolean isOfTrunk(SafetensorsCheckpoint base, String name) {
    String first = name.substring(0, name.indexOf('.') + 1);
    return base.tensors().keySet().stream().anyMatch(known -> known.startsWith(first));
  }

  /** Tensors that the base lacks: heads that adapters bring, and what is no longer tied. */
  private void planNew(Map<String, String> parted) {
    parted.forEach(
        (name, stored) ->
            plan(name, isOfTrunk(base, name) ? name(name) : name, base.find(stored).orElseThrow()));
    changes
        .replacements()
        .forEach(
            (name, replacement) -> {
              if (!parted.containsKey(name) && base.find(name).isEmpty()) {
                String outputName = prefix.isEmpty() ? name : replacement.tensor().baseTensor();
                plan(name, outputName, null);
              }
            });
  }

  private void plan(
      String name, String outputName, SafetensorsCheckpoint.@Nullable Location location) {
    OutputTensor.Replacement replacement = changes.replacements().get(name);
    List<OutputTensor.Delta> added = changes.deltas().getOrDefault(name, List.of());
    List<Long> shape =
        replacement != null || location == null
            ? requireNonNull(replacement).tensor().shape()
            : location.tensor().shape();
    DType dtype =
        location != null
            ? location.tensor().dtype()
            : newType(requireNonNull(replacement).tensor().dtype());
    if (wanted != null && dtype.elementType().isPresent()) {
      dtype = DType.of(wanted);
    }
    for (OutputTensor.Delta delta : added) {
      boolean fits =
          shape.size() == 2
              && delta.storedCols() == shape.get(1)
              && delta.slice().end() <= shape.get(0);
      if (!fits) {
        throw new FourierException(
            ("%s was made for '%s' of %d x %d, but another adapter brings it as %s; they cannot be"
                    + " merged together")
                .formatted(delta.source(), name, delta.storedRows(), delta.storedCols(), shape));
      }
    }
    List<OutputTensor.Part> rows = changes.parts().getOrDefault(name, List.of());
    if (replacement != null && !rows.isEmpty()) {
      throw AdapterChanges.broughtTwice(replacement.source(), rows.getFirst().source(), name);
    }
    tensors.put(
        outputName,
        new OutputTensor(
            new TensorDeclaration(outputName, dtype, shape), location, replacement, rows, added));
  }

  /** A tensor that the base lacks has the format of the base's others, if they have but one. */
  private DType newType(DType own) {
    Set<DType> types = new HashSet<>();
    for (SafetensorsCheckpoint.Location location : base.tensors().values()) {
      if (location.tensor().dtype().elementType().isPresent()) {
        types.add(location.tensor().dtype());
      }
    }
    return types.size() == 1 && own.elementType().isPresent() ? types.iterator().next() : own;
  }
}
