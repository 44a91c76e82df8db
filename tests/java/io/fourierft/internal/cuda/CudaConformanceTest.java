package io.fourierft.internal.cuda;

import io.fourierft.EngineConformance;
import io.fourierft.FourierEngine;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@link EngineConformance} on the emulated CUDA driver. */
@Tag("emulated-cuda")
@ExtendWith(EmulatorLeakCheck.class)
class CudaConformanceTest extends EngineConformance {
  @Override
  protected FourierEngine open(int threads) {
    return EmulatedCuda.open(0);
  }
}
