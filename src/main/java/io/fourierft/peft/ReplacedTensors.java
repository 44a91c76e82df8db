package io.fourierft.peft;

import io.fourierft.safetensors.TensorInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds for each tensor that an adapter carries whole the one of the base that it replaces. Used
 * once.
 */
final class ReplacedTensors {
  private final PeftAdapter adapter;
  private final BaseModel base;
  private final BaseNames names;
  private final ModuleMatcher matcher;
  private final List<String> notes;
  private final Map<String, ExtraTensor> found = new LinkedHashMap<>();
  private final List<ResolvedAdapter.PartReplacement> partial = new ArrayList<>();
  private final Set<String> newTensors = new LinkedHashSet<>();

  ReplacedTensors(
      PeftAdapter adapter,
      BaseModel base,
      BaseNames names,
      ModuleMatcher matcher,
      List<String> notes) {
    this.adapter = adapter;
    this.base = base;
    this.names = names;
    this.matcher = matcher;
    this.notes = notes;
  }

  /**
   * The tensors by the name in the base's files; one that the base lacks is new, or tied to one.
   *
   * @throws PeftException if one fits nowhere, or the adapter lacks one that it must have
   */
  Map<String, ExtraTensor> resolve() {
    for (ExtraTensor extra : adapter.extraTensors()) {
      Optional<BasePlace> place = names.tensor(extra.baseTensor());
      if (place.isPresent() && place.get().isPart()) {
        takePart(extra, NameReading.requireOrder(place.get(), base));
        continue;
      }
      String name = place.map(BasePlace::tensor).orElse(names.newTensor(extra.baseTensor()));
      if (place.isEmpty()) {
        takeNew(extra, name);
        newTensors.add(name);
      } else {
        requireShape(extra, name, place.get().module().weight());
      }
      found.put(name, extra);
    }
    requireWhole();
    return found;
  }

  /** Those of the tensors that the base lacks; known after {@link #resolve}. */
  Set<String> newTensors() {
    return newTensors;
  }

  /** Those that the base holds fused with others, or in pieces; known after {@link #resolve}. */
  List<ResolvedAdapter.PartReplacement> parts() {
    return partial;
  }

  private void takePart(ExtraTensor extra, BasePlace place) {
    List<Long> shape = place.module().weight().shape();
    if (!shape.equals(extra.shape())) {
      throw new PeftException(
          ("adapter brings '%s' of shape %s, but its place in the base model's '%s' has %s; give"
                  + " the base model that the adapter was trained on")
              .formatted(extra.key(), extra.shape(), place.tensor(), shape));
    }
    for (WeightSlice slice : place.slices()) {
      partial.add(new ResolvedAdapter.PartReplacement(slice, extra));
    }
  }

  private void takeNew(ExtraTensor extra, String name) {
    if (extra.kind() == ExtraTensor.Kind.BIAS) {
      throw new PeftException(
          "bias '%s' of the adapter has no counterpart '%s' in the base model; %s"
              .formatted(extra.key(), name, NearestNames.hint(name, base.tensors().keySet())));
    }
    String parent = parent(parent(name));
    boolean hangsInTheAir =
        !parent.isEmpty()
            && base.tensors().keySet().stream().noneMatch(known -> known.startsWith(parent + "."))
            && !isSavedRoot(extra);
    List<String> likely = lookAlikes(extra, name);
    if (hangsInTheAir || !likely.isEmpty()) {
      throw new PeftException(
          ("adapter brings '%s' for tensor '%s', which the base model does not have; %s; give the"
                  + " base model that the adapter was trained on, or say which tensor it is:"
                  + " ResolveOptions.renames 'REGEX=REPLACEMENT'")
              .formatted(
                  extra.key(),
                  name,
                  likely.isEmpty()
                      ? NearestNames.hint(name, base.tensors().keySet())
                      : "of the same size and in the same place is '"
                          + String.join("', '", likely)
                          + "'"));
    }
    notes.add("tensor '%s' of the adapter is new: the base model has none".formatted(name));
  }

  /** Whether the module that modules_to_save names stands at the root of the model. */
  private boolean isSavedRoot(ExtraTensor extra) {
    String first = extra.baseTensor().substring(0, extra.baseTensor().indexOf('.'));
    return extra.kind() == ExtraTensor.Kind.SAVED_MODULE && matcher.mayBeSaved(first);
  }

  /** Tensors beside a new output embedding that may be the same by another name. */
  private List<String> lookAlikes(ExtraTensor extra, String name) {
    List<String> likely = new ArrayList<>();
    String leaf = name.substring(name.lastIndexOf('.'));
    String owner = parent(name);
    if (extra.shape().size() != 2
        || !EmbeddingNames.isOutput(owner.substring(owner.lastIndexOf('.') + 1))) {
      return likely;
    }
    for (TensorInfo tensor : base.tensors().values()) {
      String module = parent(tensor.name());
      boolean brother =
          tensor.name().endsWith(leaf)
              && parent(module).equals(parent(parent(name)))
              && tensor.shape().equals(extra.shape())
              && !EmbeddingNames.isInput(module.substring(module.lastIndexOf('.') + 1));
      if (brother
          && !found.containsKey(tensor.name())
          && adapter.extraTensors().stream()
              .noneMatch(
                  other ->
                      names
                          .tensor(other.baseTensor())
                          .filter(place -> place.tensor().equals(tensor.name()))
                          .isPresent())) {
        likely.add(tensor.name());
      }
    }
    return likely;
  }

  private void requireShape(ExtraTensor extra, String name, TensorInfo replaced) {
    List<Long> shape = replaced.shape();
    if (shape.equals(extra.shape())) {
      return;
    }
    if (extra.kind() == ExtraTensor.Kind.BIAS) {
      throw new PeftException(
          "bias '%s' of the adapter has shape %s, but '%s' of the base model has %s"
              .formatted(extra.key(), extra.shape(), name, shape));
    }
    boolean otherRows =
        shape.size() == extra.shape().size()
            && !shape.isEmpty()
            && shape.subList(1, shape.size()).equals(extra.shape().subList(1, shape.size()));
    if (!otherRows) {
      throw new PeftException(
          ("adapter brings '%s' of shape %s, but the base model's '%s' has %s; give the base model"
                  + " that the adapter was trained on")
              .formatted(extra.key(), extra.shape(), name, shape));
    }
    notes.add(
        "tensor '%s' of the adapter changes the shape from %s to %s"
            .formatted(name, shape, extra.shape()));
  }

  /** What modules_to_save takes in, the adapter must bring; a whole part it may leave alone. */
  private void requireWhole() {
    List<String> adapted = new ArrayList<>(adapter.modules().keySet());
    adapter.extraTensors().forEach(extra -> adapted.add(parent(extra.baseTensor())));
    ModelParts parts = new ModelParts(adapted, base.config().layers());
    for (String name : base.tensors().keySet()) {
      String module = parent(name);
      if (module.isEmpty()
          || found.containsKey(name)
          || partial.stream().anyMatch(part -> part.slice().weight().equals(name))) {
        continue;
      }
      String path = names.toAdapter(module);
      if (matcher.isSaved(path) && !parts.isLeftAlone(path)) {
        throw new PeftException(
            ("modules_to_save %s takes in '%s' of the base model, but the adapter has no such"
                    + " tensor; %s is not whole, or names it otherwise: then say which it is,"
                    + " ResolveOptions.renames 'REGEX=REPLACEMENT'")
                .formatted(adapter.config().modulesToSave(), name, PeftAdapter.FILE_NAME));
      }
    }
  }

  private static String parent(String name) {
    return name.substring(0, Math.max(0, name.lastIndexOf('.')));
  }
}
