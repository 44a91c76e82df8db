package io.fourierft.cli;

import java.util.concurrent.CompletableFuture;

/**
 * Loads the Vector API's module, as the virtual machine itself loads the module of an agent, while
 * the command line is read. Where that cannot be done the SIMD kernels are off, and the engine says
 * so with the flag that turns them on.
 */
final class VectorLoading {
  private static final String MODULE = "jdk.incubator.vector";

  private final CompletableFuture<Void> loading;

  private VectorLoading(CompletableFuture<Void> loading) {
    this.loading = loading;
  }

  /** Begins to load it. */
  static VectorLoading begin() {
    Thread.Builder thread = Thread.ofPlatform().daemon().name("fourierft-vector");
    return new VectorLoading(CompletableFuture.runAsync(() -> load(MODULE), thread::start));
  }

  /** Waits until it is there, or cannot be. */
  void await() {
    loading.join();
  }

  /** Loads a module of Java's that no other asked for, and reads it. */
  static void load(String name) {
    try {
      Module module =
          (Module)
              Class.forName("jdk.internal.module.Modules")
                  .getMethod("loadModule", String.class)
                  .invoke(null, name);
      if (VectorLoading.class.getModule().isNamed()) {
        VectorLoading.class.getModule().addReads(module);
      }
    } catch (ReflectiveOperationException | RuntimeException e) {
      System.getLogger(VectorLoading.class.getName())
          .log(System.Logger.Level.DEBUG, "the module " + name + " cannot be loaded", e);
    }
  }
}
