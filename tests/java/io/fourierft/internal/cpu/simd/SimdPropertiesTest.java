package io.fourierft.internal.cpu.simd;

import io.fourierft.EngineOptions;
import io.fourierft.EngineProperties;
import io.fourierft.FourierEngine;

/** {@link EngineProperties} on the SIMD kernels. */
class SimdPropertiesTest extends EngineProperties {
  @Override
  protected FourierEngine open(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels("simd"));
  }
}
