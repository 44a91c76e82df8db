package io.fourierft.model;

import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.layer.FourierLinear;
import io.fourierft.peft.BaseTensor;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A layer of a model.
 *
 * @param path its path in the model of today
 * @param linear what computes
 * @param tensors its weight, and its bias if it has one, in the base's files
 * @param bias what its bias is called, if it has one
 * @param ownBias its bias in the base; null if it has none
 * @param seen what the model was for passes when the layer was made
 */
record ModelLayer(
    String path,
    FourierLinear linear,
    List<BaseTensor> tensors,
    TensorName bias,
    @Nullable Matrix ownBias,
    ModelState seen) {

  /**
   * Refuses a pass that began before biases came or went, and the layer was made afterwards: the
   * layer never had the bias of then.
   *
   * @throws FourierException if it is so
   */
  void requireKnownAt(ModelState then) {
    if (then.changes() < seen.changes() && !Objects.equals(then.shared(bias), seen.shared(bias))) {
      throw new FourierException(
          ("this pass began before an adapter that brings the bias of '%s' was added or deleted,"
                  + " and uses the layer for the first time now; call begin() anew")
              .formatted(path));
    }
  }
}
