package io.fourierft;

/** A matrix in the memory of an accelerator; only the engine of that device can read it. */
public non-sealed interface DeviceMatrix extends Matrix {
  /** The device that holds the elements, as in {@code cuda:0}. */
  String device();

  /** A matrix that owns its memory. */
  interface Owned extends DeviceMatrix, AutoCloseable {
    /** Gives the memory back once the work queued on it is done; a second call does nothing. */
    @Override
    void close();
  }
}
