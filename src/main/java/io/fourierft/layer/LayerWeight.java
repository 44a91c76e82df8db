package io.fourierft.layer;

import io.fourierft.DeviceMatrix;
import io.fourierft.Matrix;
import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/**
 * A weight that a layer computes with: one it was given, or a merged one, which it owns. What is
 * owned on a device is given back once nothing can compute with it any more: neither the layer, nor
 * a pass or a tape that began before it was replaced, nor a moment of the layer's group.
 */
final class LayerWeight {
  private static final Cleaner CLEANER = Cleaner.create();

  private final Matrix matrix;
  private final Cleaner.@Nullable Cleanable memory;

  private LayerWeight(Matrix matrix, DeviceMatrix.@Nullable Owned owned) {
    this.matrix = matrix;
    this.memory = owned == null ? null : CLEANER.register(this, owned::close);
  }

  /** One that somebody else owns, or that lies on the heap. */
  static LayerWeight given(Matrix matrix) {
    return new LayerWeight(matrix, null);
  }

  /** One that was made for the layer, and goes with it. */
  static LayerWeight made(Matrix matrix) {
    return new LayerWeight(matrix, matrix instanceof DeviceMatrix.Owned owned ? owned : null);
  }

  Matrix matrix() {
    return matrix;
  }

  /** Gives back now what is owned. */
  void release() {
    if (memory != null) {
      memory.clean();
    }
  }
}
