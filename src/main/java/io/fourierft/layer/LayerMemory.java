package io.fourierft.layer;

import io.fourierft.Matrix;

/** Where a layer's matrices lie: what is asked of them there, and how they are kept. */
sealed interface LayerMemory permits HostMemory, DeviceMemory {
  /** Refuses a matrix that lies elsewhere. */
  void requireHere(Matrix matrix, String name);

  /** Refuses activations of a type that the base weight cannot be multiplied with here. */
  void requireMultipliable(Matrix activations, String name, Matrix weight);

  /** Refuses an output that cannot be written. */
  void requireWritable(Matrix output, String name);

  /** Refuses an output that shares an element with another matrix. */
  void requireApart(Matrix output, String outputName, Matrix other, String otherName);

  /** Refuses more tokens than one call takes. */
  void requireTokens(int tokens, int outFeatures, int inFeatures);

  /** A copy of a weight that a merge may change; on a device it owns its memory. */
  Matrix copy(Matrix weight);

  /** What the layer keeps of a bias that it is given. */
  Matrix kept(Matrix bias);

  /** What a user gets to see of a bias that the layer keeps. */
  Matrix shown(Matrix bias);

  /** Waits until copies and merges are done, so that work enqueued anywhere finds them. */
  void settle();
}
