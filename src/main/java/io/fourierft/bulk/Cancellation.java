package io.fourierft.bulk;

import org.jspecify.annotations.Nullable;

/** A wish that a job end, whether it runs already or not. Safe for any number of threads. */
final class Cancellation {
  private @Nullable JobProgress progress;
  private boolean cancelled;

  synchronized void of(JobProgress running) {
    progress = running;
    if (cancelled) {
      running.cancel();
    }
  }

  synchronized void cancel() {
    cancelled = true;
    if (progress != null) {
      progress.cancel();
    }
  }
}
