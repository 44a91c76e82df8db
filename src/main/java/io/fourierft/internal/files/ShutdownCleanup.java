package io.fourierft.internal.files;

/** What is done when the virtual machine ends before its time, by a signal or an exit. */
final class ShutdownCleanup {
  private final Thread hook;

  private ShutdownCleanup(Thread hook) {
    this.hook = hook;
  }

  /**
   * Registers it.
   *
   * @throws IllegalStateException if the machine is ending already
   */
  static ShutdownCleanup register(Runnable cleanup) {
    Thread hook = new Thread(cleanup, "fourierft-cleanup");
    Runtime.getRuntime().addShutdownHook(hook);
    return new ShutdownCleanup(hook);
  }

  /** Forgets it; nothing happens once the machine is ending. */
  void unregister() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException ending) {
      // The hook runs, or has run, and finds nothing left to do.
    }
  }
}
