package io.fourierft.safetensors;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which tensor goes to which file of a checkpoint.
 *
 * @param shards the files in order; one alone has no number in its name
 */
public record ShardPlan(List<PlannedShard> shards) {
  /** The name of a checkpoint that is one file. */
  public static final String SINGLE_FILE_NAME = "model.safetensors";

  /** Copies the list. */
  public ShardPlan {
    shards = List.copyOf(shards);
  }

  /**
   * Fills one shard after the other in the order of {@code tensors}. A tensor above the limit gets
   * a shard of its own, which does not end the one being filled (as huggingface_hub plans).
   *
   * @param longestShardInBytes the most bytes of tensors in one shard, header not counted
   * @throws IllegalArgumentException if the limit is not positive
   */
  public static ShardPlan of(List<TensorDeclaration> tensors, long longestShardInBytes) {
    return of(tensors, longestShardInBytes, "model");
  }

  /**
   * The same with another beginning of the names.
   *
   * @param stem what the names begin with, as {@code diffusion_pytorch_model}
   */
  public static ShardPlan of(
      List<TensorDeclaration> tensors, long longestShardInBytes, String stem) {
    if (longestShardInBytes <= 0) {
      throw new IllegalArgumentException(
          "the largest shard size must be positive, not " + longestShardInBytes);
    }
    List<List<TensorDeclaration>> groups = new ArrayList<>();
    List<TensorDeclaration> filling = new ArrayList<>();
    long filled = 0;
    for (TensorDeclaration tensor : tensors) {
      long size = tensor.sizeInBytes();
      if (size > longestShardInBytes) {
        groups.add(List.of(tensor));
        continue;
      }
      if (size > longestShardInBytes - filled) {
        groups.add(filling);
        filling = new ArrayList<>();
        filled = 0;
      }
      filling.add(tensor);
      filled += size;
    }
    if (!filling.isEmpty() || groups.isEmpty()) {
      groups.add(filling);
    }
    List<PlannedShard> shards = new ArrayList<>(groups.size());
    for (List<TensorDeclaration> group : groups) {
      shards.add(new PlannedShard(fileName(stem, shards.size() + 1, groups.size()), group));
    }
    return new ShardPlan(shards);
  }

  private static String fileName(String stem, int number, int count) {
    return count == 1
        ? stem + ".safetensors"
        : String.format(Locale.ROOT, "%s-%05d-of-%05d.safetensors", stem, number, count);
  }

  /** Whether there are several files, so that an index is needed. */
  public boolean isSharded() {
    return shards.size() > 1;
  }

  /** Bytes of all tensors. */
  public long totalSizeInBytes() {
    return shards.stream().mapToLong(PlannedShard::sizeInBytes).sum();
  }

  /** The shard's file name for each tensor name, for the index. */
  public Map<String, String> weightMap() {
    Map<String, String> weightMap = new LinkedHashMap<>();
    for (PlannedShard shard : shards) {
      for (TensorDeclaration tensor : shard.tensors()) {
        weightMap.put(tensor.name(), shard.fileName());
      }
    }
    return weightMap;
  }

  /**
   * One file of the plan.
   *
   * @param fileName its name beside the index
   * @param tensors its tensors, in the order of their data
   */
  public record PlannedShard(String fileName, List<TensorDeclaration> tensors) {
    /** Copies the list. */
    public PlannedShard {
      tensors = List.copyOf(tensors);
    }

    /** Bytes of its tensors. */
    public long sizeInBytes() {
      return tensors.stream().mapToLong(TensorDeclaration::sizeInBytes).sum();
    }
  }
}
