package io.fourierft.internal.cpu;

import io.fourierft.DenseProduct;
import org.jspecify.annotations.Nullable;

/**
 * Dense products in host memory for an engine that computes elsewhere: in plain Java, on threads
 * that start with the first product and end with the engine. Thread-safe.
 */
public final class OwnProducts implements AutoCloseable {
  private final CallGate gate;
  private @Nullable EngineCore core;
  private @Nullable HostProducts products;

  /**
   * Starts nothing yet.
   *
   * @param engine what the engine is called when it has been closed
   */
  public OwnProducts(String engine) {
    gate = new CallGate(engine);
  }

  /**
   * A product of at most so many threads.
   *
   * @param threads 0 for the machine's processors
   */
  public synchronized DenseProduct product(int threads) {
    gate.enter();
    try {
      HostProducts mine = products;
      if (mine == null) {
        EngineCore made =
            new EngineCore(new JTransformsKernels(), Runtime.getRuntime().availableProcessors());
        core = made;
        mine = new HostProducts(made, gate);
        products = mine;
      }
      return mine.product(threads);
    } finally {
      gate.leave();
    }
  }

  /** Waits for running products and ends the threads; a second call does nothing. */
  @Override
  public void close() {
    if (gate.close()) {
      end();
      gate.cleanedUp();
    }
  }

  private synchronized void end() {
    if (core != null && products != null) {
      core.pool().close();
      products.clear();
    }
  }
}
