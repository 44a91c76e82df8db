package io.fourierft.internal.cuda.device;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * What an engine gave to its users, and takes back when it closes if they have not. A resource
 * stays known until it is given back, and its {@code close} waits for one that another thread has
 * begun: so when this is closed nothing is left, and nothing is on its way. Thread-safe.
 */
public final class OpenResources implements AutoCloseable {
  private final CudaContext context;
  private final Set<AutoCloseable> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closing;

  public OpenResources(CudaContext context) {
    this.context = context;
  }

  /**
   * Makes one, inside the context, which so cannot go before it is known.
   *
   * @throws io.fourierft.EngineClosedException if the engine is closed, or being closed
   */
  public <T extends AutoCloseable> T make(Supplier<T> maker) {
    return context.call(
        () -> {
          T made = maker.get();
          open.add(made);
          if (closing) {
            // Whether the other saw it or not.
            giveBack(made);
            throw context.closedException();
          }
          return made;
        });
  }

  /** Closes one and forgets it. */
  public void giveBack(AutoCloseable resource) {
    try (ResourceStack one = new ResourceStack()) {
      one.own(resource);
    }
    forget(resource);
  }

  /** To be called for one that has been closed. */
  public void forget(AutoCloseable resource) {
    open.remove(resource);
  }

  /** Closes what is still open, and makes no more. */
  @Override
  public void close() {
    closing = true;
    try (ResourceStack all = new ResourceStack()) {
      open.forEach(all::own);
    }
    open.clear();
  }
}
