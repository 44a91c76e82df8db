package io.fourierft.peft;

import io.fourierft.FourierAdapter;
import io.fourierft.WeightLayout;

/**
 * One adapted layer, bound to its weight in a base model.
 *
 * @param path the layer's path in the adapter
 * @param weight the name of its weight in the base model's files
 * @param firstRow where the layer begins in that weight: 0, but for a part of a fused projection,
 *     which the file holds with others, one below the other
 * @param layout how that weight is stored; for {@link WeightLayout#IN_OUT} the transpose of ΔW is
 *     added to it
 * @param adapter the arithmetic: rows are out_features, columns in_features, whatever the layout
 */
public record ResolvedModule(
    String path, String weight, long firstRow, WeightLayout layout, FourierAdapter adapter) {}
