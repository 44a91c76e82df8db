package io.fourierft.internal.cpu.simd;

import io.fourierft.EngineOptions;
import io.fourierft.EngineRefusals;
import io.fourierft.FourierEngine;

/** {@link EngineRefusals} on the SIMD kernels. */
class SimdRefusalsTest extends EngineRefusals {
  @Override
  protected FourierEngine open(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels("simd"));
  }
}
