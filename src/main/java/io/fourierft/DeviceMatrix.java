package io.fourierft;

/** A matrix in the memory of an accelerator; only the engine of that device can read it. */
public non-sealed interface DeviceMatrix extends Matrix {
  /** The device that holds the elements, as in {@code cuda:0}. */
  String device();
}
