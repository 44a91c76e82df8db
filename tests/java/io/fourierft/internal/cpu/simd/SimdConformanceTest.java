package io.fourierft.internal.cpu.simd;

import io.fourierft.EngineConformance;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;

/** {@link EngineConformance} on the SIMD kernels. */
class SimdConformanceTest extends EngineConformance {
  @Override
  protected FourierEngine open(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels("simd"));
  }
}
