package io.fourierft.merge;

import io.fourierft.ElementType;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.Randperm;
import org.jspecify.annotations.Nullable;

/**
 * How adapters are merged into a base model.
 *
 * @param addition ADD merges in the order given; SUBTRACT takes off in reverse order, as PEFT's
 *     unmerge does
 * @param dtype the format of all floating-point weights of the output; null keeps each as it is
 * @param safe refuse the whole output if any changed, replaced or converted tensor comes out NaN or
 *     infinite where it was not
 * @param overwrite replace an output folder that exists and holds a model
 * @param maxShardSizeInBytes split the output anew into files of at most this; null keeps the
 *     base's files
 * @param autocastAdapterDtype raise coefficients of low precision to F32 first, PEFT's default; if
 *     false, ΔW is rounded to the coefficients' format before it is added
 * @param randperm the shuffle that the adapters' training used
 */
public record MergeOptions(
    Addition addition,
    @Nullable ElementType dtype,
    boolean safe,
    boolean overwrite,
    @Nullable Long maxShardSizeInBytes,
    boolean autocastAdapterDtype,
    Randperm randperm) {
  /** Checks the shard size. */
  public MergeOptions {
    if (maxShardSizeInBytes != null && maxShardSizeInBytes < 1) {
      throw new FourierException(
          "the largest shard size is " + maxShardSizeInBytes + " bytes; it must be at least 1");
    }
  }

  /** Merge, keep dtypes and files, not checking for NaN, PEFT's autocast, today's torch. */
  public static MergeOptions defaults() {
    return new MergeOptions(Addition.ADD, null, false, false, null, true, Randperm.TORCH);
  }

  /** The same with another direction. */
  public MergeOptions withAddition(Addition value) {
    return new MergeOptions(
        value, dtype, safe, overwrite, maxShardSizeInBytes, autocastAdapterDtype, randperm);
  }

  /** The same with another output dtype; null keeps each tensor's. */
  public MergeOptions withDtype(@Nullable ElementType value) {
    return new MergeOptions(
        addition, value, safe, overwrite, maxShardSizeInBytes, autocastAdapterDtype, randperm);
  }

  /** The same, checking or not checking for NaN and infinity. */
  public MergeOptions withSafe(boolean value) {
    return new MergeOptions(
        addition, dtype, value, overwrite, maxShardSizeInBytes, autocastAdapterDtype, randperm);
  }

  /** The same, replacing or not replacing an output that exists. */
  public MergeOptions withOverwrite(boolean value) {
    return new MergeOptions(
        addition, dtype, safe, value, maxShardSizeInBytes, autocastAdapterDtype, randperm);
  }

  /** The same with another shard size; null keeps the base's files. */
  public MergeOptions withMaxShardSizeInBytes(@Nullable Long value) {
    return new MergeOptions(
        addition, dtype, safe, overwrite, value, autocastAdapterDtype, randperm);
  }

  /** The same with or without PEFT's autocast of coefficients. */
  public MergeOptions withAutocastAdapterDtype(boolean value) {
    return new MergeOptions(addition, dtype, safe, overwrite, maxShardSizeInBytes, value, randperm);
  }

  /** The same with another shuffle. */
  public MergeOptions withRandperm(Randperm value) {
    return new MergeOptions(
        addition, dtype, safe, overwrite, maxShardSizeInBytes, autocastAdapterDtype, value);
  }
}
