package io.fourierft.layer;

import io.fourierft.AdapterRouting;
import io.fourierft.Matrix;
import java.util.List;

/**
 * The adapters of a pass whose coefficients are trained.
 *
 * @param routing them alone
 * @param gradients what the gradient of each is added to
 */
record TrainedAdapters(AdapterRouting routing, List<Matrix> gradients) {
  /** Whether every adapter of the pass is trained. */
  @SuppressWarnings("ReferenceEquality") // A routing of which none was left out is the same one.
  boolean areAllOf(AdapterRouting pass) {
    return routing == pass;
  }
}
