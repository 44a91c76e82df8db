package io.fourierft.merge;

import io.fourierft.ElementType;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.internal.files.FolderKind;
import io.fourierft.internal.files.OutputDirectory;
import io.fourierft.safetensors.CheckpointIndex;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.SafetensorsFile;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.ShardPlan;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Merges adapters into a base model, or takes them out, and writes the result as a model of its
 * own.
 *
 * <p>The output keeps the base's files: shard layout and metadata of the weights, configuration,
 * tokenizer. Tensors that no adapter touches are copied byte for byte. At any time one changed
 * tensor is in memory, so the size of the model does not matter. Everything is checked before the
 * first byte is written, and the output appears under its name when it is whole ({@link
 * MergeOptions#safe()}: and finite) or not at all.
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
    requireApart(base, adapters, output);
    OutputDirectory.requireFree(output, options.overwrite(), MODEL);
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(base)) {
      MergePlan plan = new MergePlan(checkpoint, AdapterBinding.folderOf(base), adapters, options);
      return result(output, plan, List.of());
    }
  }

  /**
   * Merges, or unmerges.
   *
   * @param engine computes; the caller keeps it
   * @param base a folder with {@code model.safetensors} or {@code model.safetensors.index.json}, or
   *     such a file; of a single file only the weights are copied
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
    requireApart(base, adapters, output);
    OutputDirectory.requireFree(output, options.overwrite(), MODEL);
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(base)) {
      MergePlan plan = new MergePlan(checkpoint, AdapterBinding.folderOf(base), adapters, options);
      TensorAssembly assembly = new TensorAssembly(engine, options.addition(), options.safe());
      try (OutputDirectory directory = OutputDirectory.create(output, options.overwrite(), MODEL)) {
        if (Files.isDirectory(base)) {
          CompanionFiles companions = CompanionFiles.of(base);
          noteLeftBehind(companions, checkpoint, plan);
          companions.copyTo(directory.path());
        }
        writeConfig(plan, options, directory.path());
        writeWeights(checkpoint, plan, assembly, directory.path(), progress);
        directory.commit();
        plan.notes().addAll(directory.notes());
      }
      return result(output, plan, assembly.changes());
    }
  }

  private static MergeResult result(Path output, MergePlan plan, List<TensorChange> changes) {
    return new MergeResult(
        output,
        plan.shards().shards().stream().map(ShardPlan.PlannedShard::fileName).toList(),
        plan.shards().totalSizeInBytes(),
        plan.edits(),
        changes,
        plan.untouchedTensors(),
        plan.notes());
  }

  /** The output may replace neither what is read nor a folder around it. */
  private static void requireApart(Path base, List<Path> adapters, Path output) throws IOException {
    if (adapters.isEmpty()) {
      throw new FourierException("no adapter was given; give at least one");
    }
    Path target = real(output);
    Path baseFolder = real(AdapterBinding.folderOf(base));
    if (target.startsWith(baseFolder) && Files.isDirectory(base)) {
      throw new FourierException(
          "the output %s lies in the base model's folder %s; give a folder outside it"
              .formatted(output, base));
    }
    if (baseFolder.startsWith(target)) {
      throw new FourierException(
          "the base model %s lies in the output %s, which would be replaced; give another folder"
              .formatted(base, output));
    }
    for (Path adapter : adapters) {
      if (real(adapter).startsWith(target)) {
        throw new FourierException(
            "the adapter %s lies in the output %s, which would be replaced; give another folder"
                .formatted(adapter, output));
      }
    }
  }

  /** The path with the links of its existing part resolved. */
  private static Path real(Path path) throws IOException {
    Path absolute = path.toAbsolutePath().normalize();
    if (Files.exists(absolute)) {
      return absolute.toRealPath();
    }
    Path parent = absolute.getParent();
    return parent == null ? absolute : real(parent).resolve(absolute.getFileName());
  }

  private static void noteLeftBehind(
      CompanionFiles companions, SafetensorsCheckpoint checkpoint, MergePlan plan) {
    List<String> merged =
        checkpoint.shards().stream().map(SafetensorsCheckpoint.Shard::fileName).toList();
    List<String> others =
        companions.leftBehind().stream()
            .map(Path::toString)
            .filter(name -> !merged.contains(name) && !name.equals(CheckpointIndex.FILE_NAME))
            .toList();
    if (!others.isEmpty()) {
      plan.notes()
          .add(
              "other weight files of the base hold no merged weights and were not copied: "
                  + others);
    }
  }

  private static void writeConfig(MergePlan plan, MergeOptions options, Path folder)
      throws IOException {
    ElementType dtype = options.dtype();
    Path file = folder.resolve("config.json");
    if (dtype != null && plan.config().isPresent() && Files.exists(file)) {
      Files.write(file, plan.config().get().withDtype(dtype));
    }
  }

  private static void writeWeights(
      SafetensorsCheckpoint checkpoint,
      MergePlan plan,
      TensorAssembly assembly,
      Path folder,
      ProgressListener progress)
      throws IOException {
    long total = plan.shards().totalSizeInBytes();
    long done = 0;
    for (ShardPlan.PlannedShard shard : plan.shards().shards()) {
      try (SafetensorsWriter writer =
          SafetensorsWriter.create(
              folder.resolve(shard.fileName()), metadata(checkpoint, shard), shard.tensors())) {
        for (TensorDeclaration declaration : shard.tensors()) {
          assembly.write(plan.tensor(declaration.name()), writer);
          done += declaration.sizeInBytes();
          progress.progressed(done, total, declaration.name());
        }
        writer.commit();
      }
    }
    if (plan.shards().isSharded() || keepsIndex(checkpoint, plan)) {
      Map<String, String> weightMap = plan.shards().weightMap();
      CheckpointIndex index =
          checkpoint
              .index()
              .map(old -> old.withShards(total, weightMap))
              .orElseGet(() -> CheckpointIndex.of(total, weightMap));
      index.write(folder.resolve(CheckpointIndex.FILE_NAME));
    }
  }

  /** A single shard that is not called model.safetensors is found through its index alone. */
  private static boolean keepsIndex(SafetensorsCheckpoint checkpoint, MergePlan plan) {
    return checkpoint.index().isPresent()
        && !plan.shards().shards().getFirst().fileName().equals(ShardPlan.SINGLE_FILE_NAME);
  }

  /** The metadata of the file that the shard's first tensor comes from; all shards have one. */
  private static Map<String, String> metadata(
      SafetensorsCheckpoint checkpoint, ShardPlan.PlannedShard shard) {
    SafetensorsFile source =
        shard.tensors().isEmpty()
            ? checkpoint.shards().getFirst().file()
            : checkpoint.find(shard.tensors().getFirst().name()).orElseThrow().shard().file();
    return source.metadata();
  }
}
