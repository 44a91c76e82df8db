package io.fourierft.merge;

import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.peft.WeightSlice;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What adapters do to the tensors of a base: what is added to each, what takes the place of one or
 * of some of its rows, and which they bring that the base lacks. Names are those that the base has,
 * or would have.
 */
final class AdapterChanges {
  private final OpenBase opened;
  private final MergeOptions options;
  private final AdaptedClass adapted;
  private final List<String> notes;
  private final Map<String, List<OutputTensor.Delta>> deltas = new LinkedHashMap<>();
  private final Map<String, OutputTensor.Replacement> replacements = new LinkedHashMap<>();
  private final Map<String, List<OutputTensor.Part>> parts = new LinkedHashMap<>();
  private final Map<String, OutputTensor.Replacement> originals = new HashMap<>();
  private final List<MergeResult.PlannedEdit> edits = new ArrayList<>();
  private String prefix = "";

  private AdapterChanges(
      OpenBase opened, MergeOptions options, AdaptedClass adapted, List<String> notes) {
    this.opened = opened;
    this.options = options;
    this.adapted = adapted;
    this.notes = notes;
  }

  /**
   * Reads the adapters, in the order in which they are added or, when they are subtracted, in the
   * reverse.
   *
   * @param adapted learns of which class the adapters' model is
   * @param notes takes what is to be said
   * @throws FourierException if an adapter does not fit the base, or two do not go together
   */
  static AdapterChanges of(
      List<Path> adapters,
      OpenBase opened,
      MergeOptions options,
      AdaptedClass adapted,
      List<String> notes)
      throws IOException {
    AdapterChanges changes = new AdapterChanges(opened, options, adapted, notes);
    changes.noteRepeated(adapters);
    for (Path folder : options.addition() == Addition.ADD ? adapters : adapters.reversed()) {
      changes.planAdapter(folder);
    }
    return changes;
  }

  /** The ΔWs by the tensor that they are added to; the ties settle theirs here. */
  Map<String, List<OutputTensor.Delta>> deltas() {
    return deltas;
  }

  /** What is put in a tensor's place, or is new; the ties settle theirs here. */
  Map<String, OutputTensor.Replacement> replacements() {
    return replacements;
  }

  /** What is put in the place of some rows of a tensor. */
  Map<String, List<OutputTensor.Part>> parts() {
    return parts;
  }

  /** Puts in a tensor's place what an adapter says that it was when training began. */
  void restore(String name, OutputTensor.Replacement original) {
    replacements.put(name, original);
    edits.add(
        new MergeResult.PlannedEdit(name, original.source(), MergeResult.EditKind.REPLACED, 0));
  }

  /** What trained biases were before, by their names, where an adapter's file says so. */
  Map<String, OutputTensor.Replacement> originals() {
    return originals;
  }

  List<MergeResult.PlannedEdit> edits() {
    return edits;
  }

  /** What the adapters' names begin with where those of a bare base do not; or empty. */
  String prefix() {
    return prefix;
  }

  /** The base's tensor of this name, or the one that it is tied to. */
  Optional<TensorInfo> stored(String name) {
    String stored = opened.model().ties().aliases().getOrDefault(name, name);
    return opened.checkpoint().find(stored).map(SafetensorsCheckpoint.Location::tensor);
  }

  private void noteRepeated(List<Path> adapters) throws IOException {
    Set<Path> seen = new HashSet<>();
    for (Path adapter : adapters) {
      if (Files.exists(adapter) && !seen.add(adapter.toRealPath())) {
        notes.add(
            adapter + ": the same adapter is given more than once, and its ΔW is added each time");
      }
    }
  }

  private void planAdapter(Path folder) throws IOException {
    String source = folder.toString();
    PeftAdapter adapter = PeftAdapter.open(folder);
    ResolvedAdapter resolved = adapter.resolve(opened.model(), options.resolve());
    adapted.add(adapter.config(), resolved);
    prefix = resolved.prefix().isEmpty() ? prefix : resolved.prefix();
    resolved.notes().forEach(note -> notes.add(source + ": " + note));
    for (ResolvedModule module : resolved.modules()) {
      for (WeightSlice slice : module.slices()) {
        deltas
            .computeIfAbsent(slice.weight(), name -> new ArrayList<>())
            .add(new OutputTensor.Delta(source, module.adapter(), module.layout(), slice));
        edits.add(
            new MergeResult.PlannedEdit(
                slice.weight(), source, MergeResult.EditKind.DELTA, module.adapter().nFrequency()));
      }
    }
    Map<String, ExtraTensor> extras = resolved.replacements();
    if (options.addition() == Addition.ADD) {
      for (Map.Entry<String, ExtraTensor> extra : extras.entrySet()) {
        planReplacement(source, extra.getValue(), extra.getKey());
      }
      resolved
          .originals()
          .forEach(
              (name, tensor) ->
                  originals.putIfAbsent(name, new OutputTensor.Replacement(source, tensor)));
      for (ResolvedAdapter.PartReplacement part : resolved.parts()) {
        planPart(source, part.tensor(), part.slice());
      }
    } else if (!extras.isEmpty() || !resolved.parts().isEmpty()) {
      notes.add(
          source
              + ": it had replaced "
              + (extras.size() + resolved.parts().size())
              + " tensors whole (modules_to_save, biases or embeddings); what they were before is"
              + " not known, so they stay as they are");
    }
  }

  private void planReplacement(String source, ExtraTensor extra, String tensor) throws IOException {
    Optional<TensorInfo> before = stored(tensor);
    if (before.isPresent() && extra.dtype() != before.get().dtype()) {
      requireConvertible(source, extra, tensor, before.get());
    }
    OutputTensor.Replacement own = new OutputTensor.Replacement(source, extra);
    OutputTensor.Replacement other = replacements.putIfAbsent(tensor, own);
    if (other != null) {
      if (other.tensor().kind() != extra.kind() || !other.isAlike(own)) {
        throw broughtTwice(other.source(), source, tensor);
      }
      return;
    }
    edits.add(
        new MergeResult.PlannedEdit(
            tensor,
            source,
            before.isPresent() ? MergeResult.EditKind.REPLACED : MergeResult.EditKind.NEW,
            0));
  }

  /** A tensor that the base holds among the rows of another. */
  private void planPart(String source, ExtraTensor extra, WeightSlice slice) throws IOException {
    requireConvertible(source, extra, slice.weight(), stored(slice.weight()).orElseThrow());
    List<OutputTensor.Part> others =
        parts.computeIfAbsent(slice.weight(), name -> new ArrayList<>());
    for (OutputTensor.Part other : others) {
      if (other.slice().equals(slice)) {
        if (!OutputTensor.Replacement.isAlike(other.tensor(), extra)) {
          throw broughtTwice(other.source(), source, extra.baseTensor());
        }
        return;
      }
    }
    others.add(new OutputTensor.Part(source, extra, slice));
    edits.add(
        new MergeResult.PlannedEdit(slice.weight(), source, MergeResult.EditKind.REPLACED, 0));
  }

  private static void requireConvertible(
      String source, ExtraTensor extra, String tensor, TensorInfo before) {
    if (extra.dtype().elementType().isEmpty() || before.dtype().elementType().isEmpty()) {
      throw new FourierException(
          "%s brings '%s' as %s, but the base model's '%s' is %s, and one cannot become the other"
              .formatted(source, extra.key(), extra.dtype(), tensor, before.dtype()));
    }
  }

  /** Two that bring one tensor, and not alike. */
  static FourierException broughtTwice(String first, String second, String tensor) {
    return new FourierException(
        ("both %s and %s bring tensor '%s' whole, and they differ: only one can be in the output"
                + " (PEFT keeps that of the active adapter and drops the other without a word)."
                + " Merge one of them alone; or first the one whose '%s' may go, and then the other"
                + " into that output")
            .formatted(first, second, tensor, tensor));
  }
}
