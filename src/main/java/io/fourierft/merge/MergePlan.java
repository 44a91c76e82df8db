package io.fourierft.merge;

import static java.util.Objects.requireNonNull;

import io.fourierft.ElementType;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.peft.WeightSlice;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.ShardPlan;
import io.fourierft.safetensors.TensorDeclaration;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All that a merge will do, found out and checked before the first byte is written: which tensors
 * go where, in which format, and what is added to each.
 */
final class MergePlan {
  private final MergeOptions options;
  private final SafetensorsCheckpoint base;
  private final Optional<BaseConfig> config;
  private final OpenBase opened;
  private final AdaptedClass adapted;
  private final Map<String, List<OutputTensor.Delta>> deltas = new LinkedHashMap<>();
  private final Map<String, OutputTensor.Replacement> replacements = new LinkedHashMap<>();
  private final Map<String, List<OutputTensor.Part>> parts = new LinkedHashMap<>();
  private final List<MergeResult.PlannedEdit> edits = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final Map<String, OutputTensor> tensors = new LinkedHashMap<>();
  private final ConfigChanges configChanges = new ConfigChanges();
  private final ShardPlan shards;
  private final Map<String, String> baseHashes;
  private String adaptedPrefix = "";
  private String prefix = "";

  /**
   * Makes the plan.
   *
   * @throws FourierException if an adapter does not fit the base, or the base cannot be merged into
   */
  MergePlan(OpenBase opened, List<Path> adapters, MergeOptions options) throws IOException {
    this.opened = opened;
    this.base = opened.checkpoint();
    this.options = options;
    this.config = opened.config();
    notes.addAll(base.notes());
    adapted = new AdaptedClass(config);
    noteRepeated(adapters);
    for (Path folder : options.addition() == Addition.ADD ? adapters : adapters.reversed()) {
      planAdapter(folder);
    }
    noteQuantization(opened.folder());
    Map<String, String> parted = settleTies();
    settleConfig(parted);
    settlePrefix(parted);
    for (SafetensorsCheckpoint.Location location : base.tensors().values()) {
      plan(location.tensor().name(), prefix + location.tensor().name(), location);
    }
    planNew(parted);
    shards = shardPlan();
    baseHashes = options.verifyInput() ? opened.hashes() : Map.of();
  }

  ShardPlan shards() {
    return shards;
  }

  MergeOptions options() {
    return options;
  }

  /** Hashes of the base's files, by their names; none unless they were asked for. */
  Map<String, String> baseHashes() {
    return baseHashes;
  }

  /**
   * The base's file that holds what an output's file will, tensor by tensor, if one does and need
   * not be written anew.
   */
  Optional<Path> untouchedFile(ShardPlan.PlannedShard planned) {
    if (options.untouched() == UntouchedFiles.REWRITTEN) {
      return Optional.empty();
    }
    return base.shards().stream()
        .filter(shard -> shard.fileName().equals(planned.fileName()))
        .filter(shard -> shard.file().tensors().size() == planned.tensors().size())
        .filter(shard -> planned.tensors().stream().allMatch(one -> isSame(one.name(), shard)))
        .map(shard -> shard.file().path())
        .findFirst();
  }

  private boolean isSame(String name, SafetensorsCheckpoint.Shard shard) {
    OutputTensor tensor = tensor(name);
    SafetensorsCheckpoint.Location location = tensor.base();
    return tensor.isUntouched()
        && location != null
        && location.shard().equals(shard)
        && location.tensor().name().equals(name);
  }

  OutputTensor tensor(String name) {
    OutputTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("no tensor " + name);
    }
    return tensor;
  }

  Optional<BaseConfig> config() {
    return config;
  }

  /** What the output's configuration says otherwise than the base's. */
  ConfigChanges configChanges() {
    return configChanges;
  }

  List<MergeResult.PlannedEdit> edits() {
    return edits;
  }

  List<String> notes() {
    return List.copyOf(notes);
  }

  int untouchedTensors() {
    return (int) tensors.values().stream().filter(OutputTensor::isUntouched).count();
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

  /** Packed weights beside those that change do no harm; packed ones that change are refused. */
  private void noteQuantization(Path baseFolder) {
    config
        .flatMap(BaseConfig::quantization)
        .ifPresent(
            method ->
                notes.add(
                    ("%s says quantization_config (%s), but no adapted weight is quantised: the"
                            + " others are copied as they are, and the configuration keeps saying"
                            + " so")
                        .formatted(baseFolder.resolve("config.json"), method)));
  }

  private void planAdapter(Path folder) throws IOException {
    String source = folder.toString();
    PeftAdapter adapter = PeftAdapter.open(folder);
    ResolvedAdapter resolved = adapter.resolve(opened.model(), options.resolve());
    adapted.add(adapter.config(), resolved);
    adaptedPrefix = resolved.prefix().isEmpty() ? adaptedPrefix : resolved.prefix();
    resolved.notes().forEach(note -> notes.add(source + ": " + note));
    for (ResolvedModule module : resolved.modules()) {
      for (WeightSlice slice : module.slices()) {
        requireComputable(slice.weight());
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

  private Optional<TensorInfo> stored(String name) {
    String stored = opened.model().ties().aliases().getOrDefault(name, name);
    return base.find(stored).map(SafetensorsCheckpoint.Location::tensor);
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

  private static FourierException broughtTwice(String first, String second, String tensor) {
    return new FourierException(
        ("both %s and %s bring tensor '%s' whole, and they differ: only one can be in the output"
                + " (PEFT keeps that of the active adapter and drops the other without a word)."
                + " Merge one of them alone; or first the one whose '%s' may go, and then the other"
                + " into that output")
            .formatted(first, second, tensor, tensor));
  }

  private void requireComputable(String name) {
    TensorInfo weight = stored(name).orElseThrow();
    if (weight.dtype().elementType().isEmpty()) {
      throw new FourierException(
          ("tensor '%s' is %s: nothing can be added to packed or integer weights; merge into the"
                  + " unquantised model (F32, F16, BF16 or F64)")
              .formatted(weight.name(), weight.dtype()));
    }
  }

  private Map<String, String> settleTies() throws IOException {
    EmbeddingTies ties = new EmbeddingTies(deltas, replacements, config.isPresent(), notes);
    ties.settle(opened.model().ties(), adapted.hasOutputEmbedding());
    if (ties.isUntied()) {
      configChanges.untie();
    }
    return ties.parted();
  }

  private void settleConfig(Map<String, String> parted) {
    configChanges.setDtype(options.dtype());
    VocabularyChange.of(
            base, opened.model().ties(), replacements, parted, adapted.hasOutputEmbedding(), notes)
        .ifPresent(configChanges::setVocabulary);
    adapted.settle(
        configChanges,
        name -> base.find(name).isPresent() || replacements.containsKey(name),
        notes);
  }

  /** Beside a head, the names of a bare base need what a model with a head has before them. */
  private void settlePrefix(Map<String, String> parted) {
    boolean headed =
        parted.keySet().stream().anyMatch(name -> !isOfTrunk(name))
            || replacements.entrySet().stream()
                .anyMatch(
                    entry ->
                        stored(entry.getKey()).isEmpty()
                            && !entry.getValue().tensor().baseTensor().startsWith(adaptedPrefix));
    if (headed && !adaptedPrefix.isEmpty()) {
      prefix = adaptedPrefix;
      notes.add(
          "the base model is bare; beside a head its tensors are called '%s...' in the output"
              .formatted(prefix));
    }
  }

  /** Whether the base has tensors where this one stands. */
  private boolean isOfTrunk(String name) {
    String first = name.substring(0, name.indexOf('.') + 1);
    return base.tensors().keySet().stream().anyMatch(known -> known.startsWith(first));
  }

  /** Tensors that the base lacks: heads that adapters bring, and what is no longer tied. */
  private void planNew(Map<String, String> parted) {
    parted.forEach(
        (name, stored) ->
            plan(name, isOfTrunk(name) ? prefix + name : name, base.find(stored).orElseThrow()));
    replacements.forEach(
        (name, replacement) -> {
          if (!parted.containsKey(name) && base.find(name).isEmpty()) {
            String outputName = prefix.isEmpty() ? name : replacement.tensor().baseTensor();
            plan(name, outputName, null);
          }
        });
  }

  private void plan(
      String name, String outputName, SafetensorsCheckpoint.@Nullable Location location) {
    OutputTensor.Replacement replacement = replacements.get(name);
    List<OutputTensor.Delta> added = deltas.getOrDefault(name, List.of());
    List<Long> shape =
        replacement != null || location == null
            ? requireNonNull(replacement).tensor().shape()
            : location.tensor().shape();
    DType dtype =
        location != null
            ? location.tensor().dtype()
            : newType(requireNonNull(replacement).tensor().dtype());
    ElementType wanted = options.dtype();
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
    List<OutputTensor.Part> rows = parts.getOrDefault(name, List.of());
    if (replacement != null && !rows.isEmpty()) {
      throw broughtTwice(replacement.source(), rows.getFirst().source(), name);
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

  /** The base's own files, each with its tensors in their order, or files of the size asked for. */
  private ShardPlan shardPlan() {
    Long limit = options.maxShardSizeInBytes();
    if (limit != null) {
      return ShardPlan.of(
          tensors.values().stream().map(OutputTensor::declaration).toList(), limit, base.stem());
    }
    Set<String> placed = new HashSet<>();
    List<ShardPlan.PlannedShard> planned = new ArrayList<>();
    for (SafetensorsCheckpoint.Shard shard : base.shards()) {
      List<TensorDeclaration> declarations = new ArrayList<>();
      for (String name : shard.file().tensors().keySet()) {
        declarations.add(tensor(prefix + name).declaration());
        placed.add(prefix + name);
      }
      planned.add(new ShardPlan.PlannedShard(shard.fileName(), declarations));
    }
    List<TensorDeclaration> last = new ArrayList<>(planned.getLast().tensors());
    tensors.forEach(
        (name, tensor) -> {
          if (!placed.contains(name)) {
            last.add(tensor.declaration());
          }
        });
    planned.set(planned.size() - 1, new ShardPlan.PlannedShard(planned.getLast().fileName(), last));
    return new ShardPlan(planned);
  }
}
