package io.fourierft.peft;

import io.fourierft.FourierAdapter;
import io.fourierft.WeightLayout;
import java.util.List;

/**
 * One adapted layer, bound to its weight in a base model.
 *
 * @param path the layer's path in the adapter
 * @param slices where its weight is in the base model's files: one whole tensor, but for a layer
 *     that the files hold fused with others, or in pieces
 * @param layout how that weight is stored; for {@link WeightLayout#IN_OUT} the transpose of ΔW is
 *     added to it
 * @param adapter the arithmetic: rows are out_features, columns in_features, whatever the layout
 */
public record ResolvedModule(
    String path, List<WeightSlice> slices, WeightLayout layout, FourierAdapter adapter) {
  /** Copies the list. */
  public ResolvedModule {
    slices = List.copyOf(slices);
  }

  /** The names of the tensors that hold its weight; mostly one. */
  public List<String> weights() {
    return slices.stream().map(WeightSlice::weight).toList();
  }
}
