package io.fourierft.peft;

import io.fourierft.Randperm;
import java.util.List;

/**
 * What an adapter's files do not say.
 *
 * @param randperm the shuffle of the torch that the adapter was trained with; matters only for
 *     layers of {@link Randperm#INSIDE_OUT_THRESHOLD} elements or more
 * @param autocastAdapterDtype PEFT's {@code autocast_adapter_dtype}. True: coefficients stored as
 *     F16 or BF16 are raised to float32 and ΔW stays there. False: ΔW is rounded to the
 *     coefficients' stored type before it is used. The coefficients themselves are never rounded to
 *     the base model's type, which PEFT does when this is false
 * @param renames from the adapter's names to the base model's, one after the other, before the
 *     table of names is asked
 * @param layouts how weights are stored where the base model's files do not tell; the first that is
 *     of a module holds
 */
public record ResolveOptions(
    Randperm randperm,
    boolean autocastAdapterDtype,
    List<NameRename> renames,
    List<LayoutChoice> layouts) {
  /** Copies the lists. */
  public ResolveOptions {
    renames = List.copyOf(renames);
    layouts = List.copyOf(layouts);
  }

  /** Today's torch, and PEFT's default of true. */
  public static ResolveOptions defaults() {
    return new ResolveOptions(Randperm.TORCH, true, List.of(), List.of());
  }

  /** The same options with another shuffle. */
  public ResolveOptions withRandperm(Randperm newRandperm) {
    return new ResolveOptions(newRandperm, autocastAdapterDtype, renames, layouts);
  }

  /** The same options with {@code autocast_adapter_dtype} set. */
  public ResolveOptions withAutocastAdapterDtype(boolean newAutocast) {
    return new ResolveOptions(randperm, newAutocast, renames, layouts);
  }

  /** The same options with other renamings. */
  public ResolveOptions withRenames(List<NameRename> newRenames) {
    return new ResolveOptions(randperm, autocastAdapterDtype, newRenames, layouts);
  }

  /** The same options with other layouts said. */
  public ResolveOptions withLayouts(List<LayoutChoice> newLayouts) {
    return new ResolveOptions(randperm, autocastAdapterDtype, renames, newLayouts);
  }
}
