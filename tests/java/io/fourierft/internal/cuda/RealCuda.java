package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.cuda.CudaFourierEngine;

/**
 * The CUDA device that {@value #PROPERTY} names, as {@code cuda:0}. Without the property the tests
 * on it are skipped; with it an engine that cannot be had there is a failure, never another engine.
 */
final class RealCuda {
  /** Property that names the device. */
  static final String PROPERTY = "fourierft.gpu.tests";

  private RealCuda() {}

  /** Whether a device was named. */
  static boolean isWanted() {
    return System.getProperty(PROPERTY) != null;
  }

  /** A new engine on the device. */
  static CudaFourierEngine open() {
    assumeTrue(isWanted(), "no device was named with -D" + PROPERTY + "=cuda:N");
    // The first engine stays open, so that the context is made once and not for every test.
    Kept.ENGINE.synchronize();
    return newEngine();
  }

  private static CudaFourierEngine newEngine() {
    return CudaFourierEngine.of(
        FourierEngine.create(EngineOptions.defaults().withDevice(System.getProperty(PROPERTY))));
  }

  /** Holds the context for as long as the process lives. */
  private static final class Kept {
    static final CudaFourierEngine ENGINE = newEngine();
  }
}
