package io.fourierft.merge;

import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.internal.files.FolderKind;
import io.fourierft.internal.files.InputFile;
import io.fourierft.internal.files.OutputDirectory;
import io.fourierft.safetensors.CheckpointIndex;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.SafetensorsFile;
import io.fourierft.safetensors.ShardPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Merges adapters into a base model, or takes them out, and writes the result as a model of its
 * own.
 *
 * <p>The output keeps the base's files: shard layout and metadata of the weights, configuration,
 * tokenizer. Tensors that no adapter touches are copied byte for byte. Several weight files are
 * written at a time; of changed tensors one is in memory, or as many small ones as 128 MiB hold, so
 * the size of the model does not matter. Everything is checked before the first byte is written,
 * and the output appears under its name when it is whole ({@link MergeOptions#safe()}: and finite)
 * or not at all.
 *
 * <p>As PEFT's {@code merge_and_unload} ({@code src/peft/tuners/fourierft/layer.py}, {@code
 * merge}): adapters in the order given, the sum with each rounded once to the weight's format.
 * Tensors that an adapter carries whole replace the base's. Unlike PEFT, a missing or left-over
 * spectrum and an unknown layer are errors.
 */
public final class ModelMerge {
  private static final FolderKind MODEL = new FolderKind("a model", "*.safetensors", Set.of());

  private ModelMerge() {}

  /**
   * Checks everything and says what {@link #run} would do; writes nothing.
   *
   * @throws FourierException as {@link #run}
   * @throws IOException if a file cannot be read
   */
  public static MergeResult plan(Path base, List<Path> adapters, Path output, MergeOptions options)
      throws IOException {
    try (OpenBase opened = OpenBase.open(base)) {
      return plan(opened, adapters, output, options);
    }
  }

  /**
   * The same with a base that is open already.
   *
   * @throws FourierException as {@link #run}
   * @throws IOException if a file cannot be read
   */
  public static MergeResult plan(
      OpenBase base, List<Path> adapters, Path output, MergeOptions options) throws IOException {
    SourceFiles.requireApart(base.path(), adapters, output);
    OutputDirectory.requireFree(output, options.overwrite(), MODEL);
    MergePlan plan = new MergePlan(base, adapters, options);
    List<String> notes = new ArrayList<>(plan.notes());
    companions(base, notes);
    return result(output, plan, List.of(), notes, Optional.empty());
  }

  /**
   * Merges, or unmerges.
   *
   * @param engine computes; the caller keeps it
   * @param base a folder with {@code model.safetensors} or {@code model.safetensors.index.json}, or
   *     such a file; of a single safetensors file only the weights are copied
   * @param adapters folders as PEFT saves them, in the order in which they are merged
   * @param output the folder to write
   * @throws FourierException if something does not fit, naming it; nothing is written then
   * @throws IOException if reading or writing fails; nothing is left behind then
   */
  public static MergeResult run(
      FourierEngine engine,
      Path base,
      List<Path> adapters,
      Path output,
      MergeOptions options,
      ProgressListener progress)
      throws IOException {
    try (OpenBase opened = OpenBase.open(base)) {
      return run(engine, opened, adapters, output, options, BeforeCommit.NOTHING, progress);
    }
  }

  /**
   * The same with a base that is open already, as for one merge of many.
   *
   * @param beforeCommit what is done when the output is whole and has not yet its final name
   * @throws FourierException if something does not fit, naming it, or if the base changes
   *     meanwhile; nothing is left behind then
   * @throws IOException if reading or writing fails; nothing is left behind then
   */
  public static MergeResult run(
      FourierEngine engine,
      OpenBase base,
      List<Path> adapters,
      Path output,
      MergeOptions options,
      BeforeCommit beforeCommit,
      ProgressListener progress)
      throws IOException {
    SourceFiles.requireApart(base.path(), adapters, output);
    OutputDirectory.requireFree(output, options.overwrite(), MODEL);
    MergePlan plan = new MergePlan(base, adapters, options);
    List<String> notes = new ArrayList<>(plan.notes());
    CompanionFiles companions = companions(base, notes);
    Optional<MergeResult.Check> check = Optional.empty();
    List<TensorChange> changes;
    try (OutputDirectory directory = OutputDirectory.create(output, options.overwrite(), MODEL)) {
      companions.copyTo(directory.path());
      writeConfig(plan, directory.path());
      WeightFiles files =
          new WeightFiles(engine, base.checkpoint(), plan, directory.path(), progress);
      changes = files.write(WeightFiles.usualThreads());
      writeIndex(base.checkpoint(), plan, directory.path());
      if (options.check()) {
        check = Optional.of(check(plan, options, directory.path()));
      }
      base.requireUnchanged();
      beforeCommit.written(directory.path());
      directory.commit();
      notes.addAll(directory.notes());
    }
    return result(output, plan, changes, notes, check);
  }

  private static MergeResult.Check check(MergePlan plan, MergeOptions options, Path folder)
      throws IOException {
    MergeCheck check = new MergeCheck(options.addition());
    try (SafetensorsCheckpoint written = SafetensorsCheckpoint.open(folder)) {
      for (String name : written.tensors().keySet()) {
        check.check(plan.tensor(name), written);
      }
    }
    return check.result();
  }

  private static MergeResult result(
      Path output,
      MergePlan plan,
      List<TensorChange> changes,
      List<String> notes,
      Optional<MergeResult.Check> check) {
    return new MergeResult(
        output,
        plan.shards().shards().stream().map(ShardPlan.PlannedShard::fileName).toList(),
        plan.shards().totalSizeInBytes(),
        plan.edits(),
        changes,
        plan.untouchedTensors(),
        notes,
        check);
  }

  /** What goes along with the weights; what does not is noted. */
  static CompanionFiles companions(OpenBase base, List<String> notes) throws IOException {
    SafetensorsCheckpoint checkpoint = base.checkpoint();
    if (!InputFile.isFolder(base.path()) && checkpoint.index().isEmpty()) {
      return CompanionFiles.none(base.folder());
    }
    CompanionFiles companions = CompanionFiles.of(base.folder());
    Set<String> merged = new HashSet<>(Set.of(CheckpointIndex.FILE_NAME));
    checkpoint.shards().forEach(shard -> merged.add(shard.fileName()));
    checkpoint.indexFileName().ifPresent(merged::add);
    List<String> others =
        companions.leftBehind().stream()
            .map(path -> path.getNameCount() == 1 ? InputFile.name(path) : path.toString())
            .filter(name -> !merged.contains(name))
            .toList();
    if (!others.isEmpty()) {
      notes.add(
          "other weight files of the base hold no merged weights and were not copied: " + others);
    }
    notes.addAll(companions.notes());
    return companions;
  }

  private static void writeConfig(MergePlan plan, Path folder) throws IOException {
    Path file = folder.resolve("config.json");
    if (!plan.configChanges().isEmpty() && plan.config().isPresent() && InputFile.isThere(file)) {
      Files.write(file, plan.config().get().with(plan.configChanges()));
    }
  }

  private static void writeIndex(SafetensorsCheckpoint checkpoint, MergePlan plan, Path folder)
      throws IOException {
    Optional<String> indexName = indexName(checkpoint, plan.shards());
    if (indexName.isPresent()) {
      index(checkpoint, plan.shards()).write(InputFile.resolve(folder, indexName.get()));
    }
  }

  static CheckpointIndex index(SafetensorsCheckpoint checkpoint, ShardPlan shards) {
    long total = shards.totalSizeInBytes();
    Map<String, String> weightMap = shards.weightMap();
    return checkpoint
        .index()
        .map(old -> old.withShards(total, weightMap))
        .orElseGet(() -> CheckpointIndex.of(total, weightMap));
  }

  /**
   * The base's own name of the index, which programs look for. A single file needs one only where
   * its name is not what they look for either.
   */
  static Optional<String> indexName(SafetensorsCheckpoint checkpoint, ShardPlan shards) {
    String stem = checkpoint.stem();
    boolean needed =
        shards.isSharded()
            || (checkpoint.index().isPresent()
                && !shards.shards().getFirst().fileName().equals(stem + ".safetensors"));
    return needed
        ? Optional.of(checkpoint.indexFileName().orElse(stem + ".safetensors.index.json"))
        : Optional.empty();
  }

  /** The metadata of the file that the shard's first tensor comes from; all shards have one. */
  static Map<String, String> metadata(
      SafetensorsCheckpoint checkpoint, MergePlan plan, ShardPlan.PlannedShard shard) {
    SafetensorsFile source =
        shard.tensors().isEmpty()
            ? checkpoint.shards().getFirst().file()
            : sourceOf(plan.tensor(shard.tensors().getFirst().name()), checkpoint);
    return InputHashes.recorded(source.metadata(), plan.baseHashes());
  }

  private static SafetensorsFile sourceOf(OutputTensor tensor, SafetensorsCheckpoint checkpoint) {
    SafetensorsCheckpoint.Location base = tensor.base();
    return base == null ? checkpoint.shards().getFirst().file() : base.shard().file();
  }
}
