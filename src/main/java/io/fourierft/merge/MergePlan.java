package io.fourierft.merge;

import io.fourierft.FourierException;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.ShardPlan;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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
  private final AdapterChanges changes;
  private final OutputTensors tensors;
  private final List<String> notes = new ArrayList<>();
  private final ConfigChanges configChanges = new ConfigChanges();
  private final ShardPlan shards;
  private final Map<String, String> baseHashes;

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
    changes = AdapterChanges.of(adapters, opened, options, adapted, notes);
    noteQuantization(opened.folder());
    Map<String, String> parted = settleTies();
    settleConfig(parted);
    tensors = OutputTensors.of(base, changes, options.dtype(), parted, notes);
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
    OutputTensor tensor = tensors.all().get(name);
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
    return changes.edits();
  }

  List<String> notes() {
    return List.copyOf(notes);
  }

  int untouchedTensors() {
    return (int) tensors.all().values().stream().filter(OutputTensor::isUntouched).count();
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

  private Map<String, String> settleTies() throws IOException {
    EmbeddingTies ties =
        new EmbeddingTies(changes.deltas(), changes.replacements(), config.isPresent(), notes);
    ties.settle(opened.model().ties(), adapted.hasOutputEmbedding());
    if (ties.isUntied()) {
      configChanges.untie();
    }
    return ties.parted();
  }

  private void settleConfig(Map<String, String> parted) {
    configChanges.setDtype(options.dtype());
    VocabularyChange.of(
            base, opened.model().ties(), changes, parted, adapted.hasOutputEmbedding(), notes)
        .ifPresent(configChanges::setVocabulary);
    adapted.settle(
        configChanges,
        name -> base.find(name).isPresent() || changes.replacements().containsKey(name),
        notes);
  }

  /** The base's own files, each with its tensors in their order, or files of the size asked for. */
  private ShardPlan shardPlan() {
    Long limit = options.maxShardSizeInBytes();
    if (limit != null) {
      return ShardPlan.of(
          tensors.all().values().stream().map(OutputTensor::declaration).toList(),
          limit,
          base.stem());
    }
    Set<String> placed = new HashSet<>();
    List<ShardPlan.PlannedShard> planned = new ArrayList<>();
    for (SafetensorsCheckpoint.Shard shard : base.shards()) {
      List<TensorDeclaration> declarations = new ArrayList<>();
      for (String name : shard.file().tensors().keySet()) {
        declarations.add(tensor(tensors.name(name)).declaration());
        placed.add(tensors.name(name));
      }
      planned.add(new ShardPlan.PlannedShard(shard.fileName(), declarations));
    }
    List<TensorDeclaration> last = new ArrayList<>(planned.getLast().tensors());
    tensors
        .all()
        .forEach(
            (name, tensor) -> {
              if (!placed.contains(name)) {
                last.add(tensor.declaration());
              }
            });
    planned.set(planned.size() - 1, new ShardPlan.PlannedShard(planned.getLast().fileName(), last));
    return new ShardPlan(planned);
  }
}
