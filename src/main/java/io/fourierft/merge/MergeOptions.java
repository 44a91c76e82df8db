package io.fourierft.merge;

import io.fourierft.ElementType;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.Randperm;
import io.fourierft.peft.ResolveOptions;
import org.jspecify.annotations.Nullable;

/**
 * How adapters are merged into a base model.
 *
 * @param addition ADD merges in the order given; SUBTRACT takes off in reverse order, as PEFT's
 *     unmerge does
 * @param dtype the format of all floating-point weights of the output; null keeps each as it is
 * @param safe refuse the whole output if any changed, replaced or converted tensor comes out NaN or
 *     infinite where it was not
 * @param check read every changed tensor of the output back and recompute some of its elements in
 *     float64 from the definition, before the output appears
 * @param overwrite replace an output folder that exists and holds a model
 * @param maxShardSizeInBytes split the output anew into files of at most this; null keeps the
 *     base's files
 * @param resolve how the adapters are to be understood: shuffle, coefficients of low precision,
 *     names, layouts
 * @param untouched what becomes of weight files in which nothing changes
 * @param verifyInput read the base's weight files once more for their SHA-256: a file of a hub's
 *     cache must have the one in its name, and every file of the output records all of them in its
 *     metadata ({@code base.sha256.<file>}); needs REWRITTEN files
 */
public record MergeOptions(
    Addition addition,
    @Nullable ElementType dtype,
    boolean safe,
    boolean check,
    boolean overwrite,
    @Nullable Long maxShardSizeInBytes,
    ResolveOptions resolve,
    UntouchedFiles untouched,
    boolean verifyInput) {
  /** Checks the shard size. */
  public MergeOptions {
    if (maxShardSizeInBytes != null && maxShardSizeInBytes < 1) {
      throw new FourierException(
          "the largest shard size is " + maxShardSizeInBytes + " bytes; it must be at least 1");
    }
    if (verifyInput && untouched != UntouchedFiles.REWRITTEN) {
      throw new FourierException(
          "MergeOptions.verifyInput records hashes in every file of the output;"
              + " MergeOptions.untouched "
              + untouched
              + " would leave some as they are");
    }
  }

  /** Merge, keep dtypes and files, not checking for NaN, PEFT's autocast, today's torch. */
  public static MergeOptions defaults() {
    return new MergeOptions(
        Addition.ADD,
        null,
        false,
        false,
        false,
        null,
        ResolveOptions.defaults(),
        UntouchedFiles.REWRITTEN,
        false);
  }

  /** The same with another direction. */
  public MergeOptions withAddition(Addition value) {
    return new MergeOptions(
        value, dtype, safe, check, overwrite, maxShardSizeInBytes, resolve, untouched, verifyInput);
  }

  /** The same with another output dtype; null keeps each tensor's. */
  public MergeOptions withDtype(@Nullable ElementType value) {
    return new MergeOptions(
        addition,
        value,
        safe,
        check,
        overwrite,
        maxShardSizeInBytes,
        resolve,
        untouched,
        verifyInput);
  }

  /** The same, checking or not checking for NaN and infinity. */
  public MergeOptions withSafe(boolean value) {
    return new MergeOptions(
        addition,
        dtype,
        value,
        check,
        overwrite,
        maxShardSizeInBytes,
        resolve,
        untouched,
        verifyInput);
  }

  /** The same, checking the output against the definition or not. */
  public MergeOptions withCheck(boolean value) {
    return new MergeOptions(
        addition,
        dtype,
        safe,
        value,
        overwrite,
        maxShardSizeInBytes,
        resolve,
        untouched,
        verifyInput);
  }

  /** The same, replacing or not replacing an output that exists. */
  public MergeOptions withOverwrite(boolean value) {
    return new MergeOptions(
        addition, dtype, safe, check, value, maxShardSizeInBytes, resolve, untouched, verifyInput);
  }

  /** The same with another shard size; null keeps the base's files. */
  public MergeOptions withMaxShardSizeInBytes(@Nullable Long value) {
    return new MergeOptions(
        addition, dtype, safe, check, overwrite, value, resolve, untouched, verifyInput);
  }

  /** The same with adapters understood otherwise. */
  public MergeOptions withResolve(ResolveOptions value) {
    return new MergeOptions(
        addition,
        dtype,
        safe,
        check,
        overwrite,
        maxShardSizeInBytes,
        value,
        untouched,
        verifyInput);
  }

  /** The same with or without PEFT's autocast of coefficients. */
  public MergeOptions withAutocastAdapterDtype(boolean value) {
    return withResolve(resolve.withAutocastAdapterDtype(value));
  }

  /** The same with another shuffle. */
  public MergeOptions withRandperm(Randperm value) {
    return withResolve(resolve.withRandperm(value));
  }

  /** The same with weight files in which nothing changes treated otherwise. */
  public MergeOptions withUntouched(UntouchedFiles value) {
    return new MergeOptions(
        addition, dtype, safe, check, overwrite, maxShardSizeInBytes, resolve, value, verifyInput);
  }

  /** The same, hashing the base's files and recording that, or not. */
  public MergeOptions withVerifyInput(boolean value) {
    return new MergeOptions(
        addition, dtype, safe, check, overwrite, maxShardSizeInBytes, resolve, untouched, value);
  }
}
