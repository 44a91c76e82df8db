package io.fourierft.spark;

import io.fourierft.ElementType;
import io.fourierft.merge.MergeOptions;
import java.io.Serializable;

/**
 * The part of {@link MergeOptions} that a cluster asks for, as it travels to the executors.
 *
 * @param dtype the output's format by the name of an {@link ElementType}; empty keeps each tensor's
 * @param safe refuse a result that is not finite
 * @param maxShardSizeInBytes the largest weight file, and so the work of one task; 0 keeps the
 *     base's files
 * @param resolve how adapters are understood
 */
public record MergeSettings(
    String dtype, boolean safe, long maxShardSizeInBytes, ResolveSettings resolve)
    implements Serializable {
  /** Those of {@link MergeOptions#defaults}. */
  public static MergeSettings defaults() {
    return new MergeSettings("", false, 0, ResolveSettings.defaults());
  }

  /** The same with another bound of the weight files. */
  public MergeSettings withMaxShardSizeInBytes(long bytes) {
    return new MergeSettings(dtype, safe, bytes, resolve);
  }

  /** The options that these settings say. */
  public MergeOptions options() {
    return MergeOptions.defaults()
        .withDtype(dtype.isEmpty() ? null : ElementType.valueOf(dtype))
        .withSafe(safe)
        .withMaxShardSizeInBytes(maxShardSizeInBytes == 0 ? null : maxShardSizeInBytes)
        .withResolve(resolve.options());
  }
}
