package io.fourierft.internal.cpu.provider;

import io.fourierft.FourierEngine;
import java.util.concurrent.atomic.AtomicBoolean;

/** The Vector API's module, which the SIMD kernels need and only a flag of the JVM enables. */
final class VectorModule {
  static final String NAME = "jdk.incubator.vector";

  /** What enables it. */
  static final String FLAG = "--add-modules " + NAME;

  /** Whether this process was told that it computes slowly; once is enough. */
  private static final AtomicBoolean TOLD = new AtomicBoolean();

  private VectorModule() {}

  /** Whether it was enabled by the flag, or loaded later and made readable. */
  static boolean isEnabled() {
    try {
      Module vector = Class.forName(NAME + ".FloatVector", false, null).getModule();
      return VectorModule.class.getModule().canRead(vector);
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  /** Warns, the first time in this process, that JTransforms computes for want of the flag. */
  static void warnOnce() {
    if (TOLD.compareAndSet(false, true)) {
      System.getLogger(FourierEngine.class.getName())
          .log(
              System.Logger.Level.WARNING,
              "the SIMD kernels are off and JTransforms computes, several times slower; start java"
                  + " with "
                  + FLAG);
    }
  }
}
