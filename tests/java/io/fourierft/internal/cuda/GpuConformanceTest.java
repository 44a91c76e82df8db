package io.fourierft.internal.cuda;

import io.fourierft.EngineConformance;
import io.fourierft.FourierEngine;
import org.junit.jupiter.api.Tag;

/** {@link EngineConformance} on a real CUDA device. */
@Tag("gpu")
class GpuConformanceTest extends EngineConformance {
  @Override
  protected FourierEngine open(int threads) {
    return RealCuda.open();
  }
}
