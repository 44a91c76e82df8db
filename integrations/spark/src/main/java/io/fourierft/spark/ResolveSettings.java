package io.fourierft.spark;

import io.fourierft.Randperm;
import io.fourierft.peft.LayoutChoice;
import io.fourierft.peft.NameRename;
import io.fourierft.peft.ResolveOptions;
import java.io.Serializable;
import java.util.List;

/**
 * {@link ResolveOptions} as texts, which travel to the executors.
 *
 * @param legacyRandperm the shuffle of torch before 2025
 * @param autocastAdapterDtype PEFT's {@code autocast_adapter_dtype}
 * @param renames as {@link NameRename#parse} takes them
 * @param layouts as {@link LayoutChoice#parse} takes them
 */
public record ResolveSettings(
    boolean legacyRandperm,
    boolean autocastAdapterDtype,
    List<String> renames,
    List<String> layouts)
    implements Serializable {
  /** Copies the lists. */
  public ResolveSettings {
    renames = List.copyOf(renames);
    layouts = List.copyOf(layouts);
  }

  /** Those of {@link ResolveOptions#defaults}. */
  public static ResolveSettings defaults() {
    return new ResolveSettings(false, true, List.of(), List.of());
  }

  /** The options that these texts say. */
  public ResolveOptions options() {
    return ResolveOptions.defaults()
        .withRandperm(legacyRandperm ? Randperm.LEGACY : Randperm.TORCH)
        .withAutocastAdapterDtype(autocastAdapterDtype)
        .withRenames(renames.stream().map(NameRename::parse).toList())
        .withLayouts(layouts.stream().map(LayoutChoice::parse).toList());
  }
}
