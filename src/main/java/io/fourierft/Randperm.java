package io.fourierft;

/** The shuffle that {@code torch.randperm} ran when an adapter's places were drawn. */
public enum Randperm {
  /**
   * What torch has done since 2.6 or 2.7 (January 2025): forward Fisher-Yates with 32-bit draws
   * below {@link #INSIDE_OUT_THRESHOLD} elements, inside-out Fisher-Yates with 64-bit draws from
   * there on.
   */
  TORCH,
  /** What older torch did: the forward Fisher-Yates with 32-bit draws at every size. */
  LEGACY;

  /** The number of elements from which the two differ: {@code floor((2^32 - 1) / 20)}. */
  public static final long INSIDE_OUT_THRESHOLD = 214_748_364L;
}
