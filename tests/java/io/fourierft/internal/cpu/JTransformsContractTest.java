package io.fourierft.internal.cpu;

import io.fourierft.EngineContract;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;

/** {@link EngineContract} on JTransforms. */
class JTransformsContractTest extends EngineContract {
  @Override
  protected FourierEngine open(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels("jtransforms"));
  }
}
