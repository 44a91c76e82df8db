package io.fourierft.internal.cuda.memory;

/** Who gives out views of device memory of its own. */
public interface MemoryOwner {
  /**
   * Refuses after the end.
   *
   * @throws io.fourierft.EngineClosedException if the memory was given back
   */
  void requireOpen();

  /** The memory. */
  DeviceBlock block();
}
