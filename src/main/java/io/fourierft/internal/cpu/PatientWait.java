package io.fourierft.internal.cpu;

import java.util.function.BooleanSupplier;

/** Waiting that an interrupt does not end, for what must not be left half done. */
final class PatientWait {
  private PatientWait() {}

  /** Waits on {@code monitor} until {@code condition} holds; an interrupt is told afterwards. */
  static void until(Object monitor, BooleanSupplier condition) {
    boolean interrupted = false;
    synchronized (monitor) {
      while (!condition.getAsBoolean()) {
        try {
          monitor.wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
