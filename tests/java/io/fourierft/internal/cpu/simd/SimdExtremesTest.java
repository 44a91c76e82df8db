package io.fourierft.internal.cpu.simd;

import io.fourierft.EngineExtremes;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;

/** {@link EngineExtremes} on the SIMD kernels. */
class SimdExtremesTest extends EngineExtremes {
  @Override
  protected FourierEngine open(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels("simd"));
  }
}
