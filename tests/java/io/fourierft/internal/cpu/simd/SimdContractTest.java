package io.fourierft.internal.cpu.simd;

import io.fourierft.EngineContract;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;

/** {@link EngineContract} on the SIMD kernels. */
class SimdContractTest extends EngineContract {
  @Override
  protected FourierEngine open(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels("simd"));
  }
}
