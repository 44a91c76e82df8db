package io.fourierft.model;

/** Where an {@link AdaptedModel} holds weights and what is trained. */
public enum ModelMemory {
  /** In the host's: weights stay in the mapped files. Activations are the host's too. */
  HOST,

  /**
   * In that of the engine's CUDA device: each tensor is copied there straight from its mapped file
   * when it is first needed. Activations are the device's too, and passes only enqueue.
   */
  DEVICE
}
