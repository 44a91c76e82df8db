package io.fourierft.layer;

import io.fourierft.HostMatrix;
import io.fourierft.Matrix;

/** Where the layers of a test and their activations lie: the contract is the same everywhere. */
public interface LayerPlace {
  /** The memory of the host. */
  LayerPlace HOST =
      new LayerPlace() {
        @Override
        public Matrix put(HostMatrix matrix) {
          return matrix;
        }

        @Override
        public HostMatrix get(Matrix matrix) {
          return (HostMatrix) matrix;
        }

        @Override
        public void release(Matrix matrix) {}
      };

  /** A matrix there with these numbers; here the matrix itself, elsewhere a copy. */
  Matrix put(HostMatrix matrix);

  /** What a matrix there holds now. */
  HostMatrix get(Matrix matrix);

  /** Says that what {@link #put} gave is not used any more. */
  void release(Matrix matrix);
}
