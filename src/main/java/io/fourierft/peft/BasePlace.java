package io.fourierft.peft;

import java.util.List;

/**
 * Where something of an adapter is in a base.
 *
 * @param module the layer: of a part of a tensor, a layer of the part's size
 * @param slices the tensors that hold it, and where; more than one if the model joins them
 * @param isPart whether it is not one whole tensor
 * @param isTied whether the base has no such tensor, but one that it is tied to
 */
record BasePlace(BaseModule module, List<WeightSlice> slices, boolean isPart, boolean isTied) {
  /** The tensor that holds it, or the first that does. */
  String tensor() {
    return slices.getFirst().weight();
  }
}
