package io.fourierft.internal.cpu;

import io.fourierft.EngineExtremes;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;

/** {@link EngineExtremes} on JTransforms. */
class JTransformsExtremesTest extends EngineExtremes {
  @Override
  protected FourierEngine open(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels("jtransforms"));
  }
}
