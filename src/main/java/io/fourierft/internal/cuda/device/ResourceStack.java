package io.fourierft.internal.cuda.device;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Things to close together, the last first. Goes on after a failure and throws the first one at the
 * end, with the others suppressed in it.
 */
public final class ResourceStack implements AutoCloseable {
  private final Deque<AutoCloseable> resources = new ArrayDeque<>();

  /** Adds {@code resource} and returns it. */
  public <T extends AutoCloseable> T own(T resource) {
    resources.push(resource);
    return resource;
  }

  /** Lets go of everything: it is owned elsewhere from now on. */
  public void disown() {
    resources.clear();
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    while (!resources.isEmpty()) {
      try {
        resources.pop().close();
      } catch (Exception e) {
        RuntimeException unchecked =
            e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
        if (failure == null) {
          failure = unchecked;
        } else {
          failure.addSuppressed(unchecked);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
