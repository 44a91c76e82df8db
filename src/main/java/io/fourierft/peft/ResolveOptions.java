package io.fourierft.peft;

import io.fourierft.Randperm;

/**
 * What an adapter's files do not say.
 *
 * @param randperm the shuffle of the torch that the adapter was trained with; matters only for
 *     layers of {@link Randperm#INSIDE_OUT_THRESHOLD} elements or more
 * @param autocastAdapterDtype PEFT's {@code autocast_adapter_dtype}. True: coefficients stored as
 *     F16 or BF16 are raised to float32 and ΔW stays there. False: ΔW is rounded to the
 *     coefficients' stored type before it is used. The coefficients themselves are never rounded to
 *     the base model's type, which PEFT does when this is false
 */
public record ResolveOptions(Randperm randperm, boolean autocastAdapterDtype) {
  /** Today's torch, and PEFT's default of true. */
  public static ResolveOptions defaults() {
    return new ResolveOptions(Randperm.TORCH, true);
  }

  /** The same options with another shuffle. */
  public ResolveOptions withRandperm(Randperm newRandperm) {
    return new ResolveOptions(newRandperm, autocastAdapterDtype);
  }

  /** The same options with {@code autocast_adapter_dtype} set. */
  public ResolveOptions withAutocastAdapterDtype(boolean newAutocast) {
    return new ResolveOptions(randperm, newAutocast);
  }
}
