package io.fourierft.internal.cuda;

import io.fourierft.EngineConformance;
import io.fourierft.FourierEngine;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@link EngineConformance} on the emulated CUDA driver, with cuFFT's callbacks. */
@Tag("emulated-cuda")
@ExtendWith({EmulatorLeakCheck.class, CallbacksOn.class})
class CudaCallbackConformanceTest extends EngineConformance {
  @Override
  protected FourierEngine open(int threads) {
    return EmulatedCuda.open(0);
  }
}
