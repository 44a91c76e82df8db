package io.fourierft.internal.cpu.simd;

import io.fourierft.EngineFixtures;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;

/** {@link EngineFixtures} on the SIMD kernels. */
class SimdFixturesTest extends EngineFixtures {
  @Override
  protected FourierEngine open(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels("simd"));
  }
}
