package io.fourierft.peft;

import io.fourierft.safetensors.TensorInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
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
  private static final int MOST_NAMES = 3;

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
    List<ExtraTensor> missing = new ArrayList<>();
    for (ExtraTensor extra : adapter.extraTensors()) {
      Optional<BasePlace> place = names.tensor(extra.baseTensor());
      if (place.isEmpty()) {
        missing.add(extra);
      } else if (place.get().isPart()) {
        takePart(extra, NameReading.requireOrder(place.get(), base));
      } else {
        String name = place.get().tensor();
        requireShape(extra, name, place.get().module().weight());
        put(name, extra);
      }
    }
    takeNew(missing);
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

  private void put(String name, ExtraTensor extra) {
    ExtraTensor other = found.put(name, extra);
    if (other != null) {
      throw new PeftException(
          "adapter brings '%s' and '%s', and both are '%s' of the base model; say which is:"
                  .formatted(other.key(), extra.key(), name)
              + " ResolveOptions.renames 'REGEX=REPLACEMENT'");
    }
  }

  /** What the adapter's biases were before training, by the names of the trained ones. */
  Map<String, ExtraTensor> originals() {
    Map<String, ExtraTensor> originals = new HashMap<>();
    for (ExtraTensor original : adapter.originals()) {
      String name = original.baseTensor();
      originals.put(
          names.tensor(name).map(BasePlace::tensor).orElseGet(() -> names.newTensor(name)),
          original);
    }
    return originals;
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

  private void takeNew(List<ExtraTensor> missing) {
    Map<String, Map<String, List<Long>>> modules = new HashMap<>();
    for (ExtraTensor extra : missing) {
      modules
          .computeIfAbsent(parent(extra.baseTensor()), key -> new HashMap<>())
          .put(leaf(extra.baseTensor()), extra.shape());
    }
    LookAlikes lookAlikes = new LookAlikes(base, claimed());
    for (ExtraTensor extra : missing) {
      String name = names.newTensor(extra.baseTensor());
      String module = parent(extra.baseTensor());
      List<String> likely =
          extra.kind() == ExtraTensor.Kind.BIAS || names.isConfirmed(extra.baseTensor())
              ? List.of()
              : lookAlikes.of(
                  parent(name), leaf(name), modules.getOrDefault(module, Map.of()), isHead(module));
      requireNew(extra, name, likely);
      notes.add("tensor '%s' of the adapter is new: the base model has none".formatted(name));
      newTensors.add(name);
      put(name, extra);
    }
  }

  /** The tensors of the base that the adapter speaks of. */
  private Set<String> claimed() {
    Set<String> claimed = new HashSet<>(found.keySet());
    partial.forEach(part -> claimed.add(part.slice().weight()));
    for (String path : adapter.modules().keySet()) {
      BasePlace place = names.module(path);
      if (place != null) {
        place.slices().forEach(slice -> claimed.add(slice.weight()));
      }
    }
    return claimed;
  }

  /**
   * Whether the adapted model is known to have a module that the base may lack: the adapter was
   * made on another class of a model type whose renamings the table of names holds, or its class
   * has a head of that name.
   */
  private boolean isHead(String module) {
    String className = HeadClass.of(adapter.config(), base.config());
    return className != null
        && ((ModelFacts.isKnown(base.modelType())
                && !base.config().architectures().contains(className))
            || HeadClass.modules(className).contains(module));
  }

  private void requireNew(ExtraTensor extra, String name, List<String> likely) {
    if (extra.kind() == ExtraTensor.Kind.BIAS) {
      throw new PeftException(
          "bias '%s' of the adapter has no counterpart '%s' in the base model; %s"
              .formatted(extra.key(), name, NearestNames.hint(name, base.tensors().keySet())));
    }
    String trained = "give the base model that the adapter was trained on";
    if (!likely.isEmpty()) {
      String path = parent(extra.baseTensor());
      String from = "ResolveOptions.renames '^" + path.replace(".", "\\.") + "$=";
      throw new PeftException(
          ("adapter brings '%s' for tensor '%s', which the base model does not have; of the same"
                  + " size and in the same place is '%s'. If it is that one by another name, say so:"
                  + " %s%s'; if it is new, keep its name: %s%s'; or %s")
              .formatted(
                  extra.key(),
                  name,
                  String.join("', '", likely.subList(0, Math.min(likely.size(), MOST_NAMES))),
                  from,
                  likely.getFirst(),
                  from,
                  path,
                  trained));
    }
    String parent = parent(parent(name));
    boolean hangsInTheAir =
        !parent.isEmpty()
            && base.tensors().keySet().stream().noneMatch(known -> known.startsWith(parent + "."))
            && !isSavedRoot(extra);
    if (hangsInTheAir) {
      throw new PeftException(
          ("adapter brings '%s' for tensor '%s', which the base model does not have; %s; %s, or say"
                  + " which tensor it is: ResolveOptions.renames 'REGEX=REPLACEMENT'")
              .formatted(
                  extra.key(), name, NearestNames.hint(name, base.tensors().keySet()), trained));
    }
  }

  /** Whether the module that modules_to_save names stands at the root of the model. */
  private boolean isSavedRoot(ExtraTensor extra) {
    String first = extra.baseTensor().substring(0, extra.baseTensor().indexOf('.'));
    return extra.kind() == ExtraTensor.Kind.SAVED_MODULE && matcher.mayBeSaved(first);
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

  private static String leaf(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static String parent(String name) {
    return name.substring(0, Math.max(0, name.lastIndexOf('.')));
  }
}
