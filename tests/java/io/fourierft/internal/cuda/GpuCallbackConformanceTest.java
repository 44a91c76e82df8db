package io.fourierft.internal.cuda;

import io.fourierft.EngineConformance;
import io.fourierft.FourierEngine;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@link EngineConformance} on a real CUDA device, with cuFFT's callbacks. */
@Tag("gpu")
@ExtendWith(CallbacksOn.class)
class GpuCallbackConformanceTest extends EngineConformance {
  @Override
  protected FourierEngine open(int threads) {
    return RealCuda.open();
  }
}
