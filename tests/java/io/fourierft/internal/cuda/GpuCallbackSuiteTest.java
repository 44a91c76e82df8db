package io.fourierft.internal.cuda;

import io.fourierft.EngineConformance;
import io.fourierft.FourierEngine;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Conformance on a real CUDA device with scatter, scaling and rounding linked into cuFFT's own
 * kernels. Apart from the other suites: a fault in linked code may end the process.
 */
@Tag("gpu")
@ExtendWith(CallbacksOn.class)
class GpuCallbackSuiteTest extends EngineConformance {
  @Override
  protected FourierEngine open(int threads) {
    return RealCuda.open();
  }
}
