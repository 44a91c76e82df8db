package io.fourierft.layer;

/**
 * A stretch of code in which a {@link FourierLinear} computes as its base alone; closing it brings
 * back what was before. Made by {@link FourierLinear#suspendAdapters}.
 */
public final class AdapterSuspension implements AutoCloseable {
  private final FourierLinear layer;
  private final boolean wasEnabled;
  private boolean closed;

  AdapterSuspension(FourierLinear layer, boolean wasEnabled) {
    this.layer = layer;
    this.wasEnabled = wasEnabled;
  }

  /** Enables the adapters again if they were enabled before; a second call does nothing. */
  @Override
  public void close() {
    if (!closed && wasEnabled) {
      layer.enableAdapters();
    }
    closed = true;
  }
}
