package io.fourierft.internal.cpu;

import io.fourierft.EngineConformance;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;

/** {@link EngineConformance} on JTransforms. */
class JTransformsConformanceTest extends EngineConformance {
  @Override
  protected FourierEngine open(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels("jtransforms"));
  }
}
