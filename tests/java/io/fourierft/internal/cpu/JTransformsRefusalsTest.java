package io.fourierft.internal.cpu;

import io.fourierft.EngineOptions;
import io.fourierft.EngineRefusals;
import io.fourierft.FourierEngine;

/** {@link EngineRefusals} on JTransforms. */
class JTransformsRefusalsTest extends EngineRefusals {
  @Override
  protected FourierEngine open(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels("jtransforms"));
  }
}
