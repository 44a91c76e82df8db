package io.fourierft.merge;

import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.internal.files.InputFile;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.ShardPlan;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A merge whose files are written one by one, by several machines perhaps: each makes the same plan
 * from the same files and writes its share. All files together are, byte for byte, what {@link
 * ModelMerge#run} writes. Who writes them sees to it that the output appears whole.
 *
 * <p>{@link MergeOptions#check}, {@link MergeOptions#overwrite} and {@link MergeOptions#untouched}
 * are not asked: the first two are of whoever owns the output, and every weight file is written.
 *
 * <p>Safe for any number of threads while the base is open.
 */
public final class ShardedMerge {
  private final OpenBase base;
  private final MergeOptions options;
  private final MergePlan plan;
  private final Map<String, ShardPlan.PlannedShard> shards = new LinkedHashMap<>();
  private final Map<String, Content> others = new LinkedHashMap<>();
  private final List<String> notes;

  private ShardedMerge(OpenBase base, MergeOptions options, MergePlan plan) throws IOException {
    this.base = base;
    this.options = options;
    this.plan = plan;
    this.notes = new ArrayList<>(plan.notes());
    plan.shards().shards().forEach(shard -> shards.put(shard.fileName(), shard));
    CompanionFiles companions = ModelMerge.companions(base, notes);
    for (Path kept : companions.kept()) {
      others.put(kept.toString(), out -> companions.copy(kept, out));
    }
    if (!plan.configChanges().isEmpty() && others.containsKey("config.json")) {
      byte[] config = plan.config().orElseThrow().with(plan.configChanges());
      others.put("config.json", out -> out.write(config));
    }
    Optional<String> indexName = ModelMerge.indexName(base.checkpoint(), plan.shards());
    if (indexName.isPresent()) {
      ByteArrayOutputStream index = new ByteArrayOutputStream();
      ModelMerge.index(base.checkpoint(), plan.shards())
          .write(InputFile.resolve(base.folder(), indexName.get()), index);
      others.put(indexName.get(), index::writeTo);
    }
  }

  /**
   * Checks everything, as {@link ModelMerge#plan} does but for the output.
   *
   * @param adapters folders as PEFT saves them, in the order in which they are merged
   * @throws FourierException if something does not fit, naming it
   * @throws IOException if a file cannot be read
   */
  public static ShardedMerge plan(OpenBase base, List<Path> adapters, MergeOptions options)
      throws IOException {
    if (adapters.isEmpty()) {
      throw new FourierException("no adapter was given; give at least one");
    }
    return new ShardedMerge(base, options, new MergePlan(base, adapters, options));
  }

  /** The names of the weight files, in their order. */
  public List<String> weightFiles() {
    return List.copyOf(shards.keySet());
  }

  /** Bytes of the tensors of one weight file. */
  public long sizeInBytes(String weightFile) {
    return shard(weightFile).tensors().stream().mapToLong(TensorDeclaration::sizeInBytes).sum();
  }

  /** The names of the other files, with slashes where they stand in folders. */
  public List<String> otherFiles() {
    return List.copyOf(others.keySet());
  }

  /** How many tensors change. */
  public int edits() {
    return plan.edits().size();
  }

  /** What the user should know. */
  public List<String> notes() {
    return List.copyOf(notes);
  }

  /**
   * Computes and writes one weight file.
   *
   * @param channel takes the bytes; stays open
   * @return what each addition did
   * @throws FourierException if {@link MergeOptions#safe} refuses a result
   * @throws IOException if reading or writing fails
   */
  public List<TensorChange> write(
      FourierEngine engine, String weightFile, WritableByteChannel channel) throws IOException {
    ShardPlan.PlannedShard shard = shard(weightFile);
    try (TensorMemory memory = TensorMemory.of(plan);
        SafetensorsWriter writer =
            SafetensorsWriter.create(
                InputFile.resolve(base.folder(), weightFile),
                channel,
                ModelMerge.metadata(base.checkpoint(), plan, shard),
                shard.tensors())) {
      TensorAssembly assembly =
          new TensorAssembly(engine, options.addition(), options.safe(), memory);
      for (TensorDeclaration declaration : shard.tensors()) {
        assembly.write(plan.tensor(declaration.name()), writer);
      }
      writer.commit();
      return List.copyOf(assembly.changes());
    }
  }

  /**
   * Writes one of the other files.
   *
   * @throws IOException if reading or writing fails
   */
  public void writeOther(String file, OutputStream out) throws IOException {
    Content content = others.get(file);
    if (content == null) {
      throw new IllegalArgumentException("no file " + file);
    }
    content.writeTo(out);
  }

  private ShardPlan.PlannedShard shard(String file) {
    ShardPlan.PlannedShard shard = shards.get(file);
    if (shard == null) {
      throw new IllegalArgumentException("no weight file " + file);
    }
    return shard;
  }

  @FunctionalInterface
  private interface Content {
    void writeTo(OutputStream out) throws IOException;
  }
}
