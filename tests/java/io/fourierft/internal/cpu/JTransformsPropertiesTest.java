package io.fourierft.internal.cpu;

import io.fourierft.EngineOptions;
import io.fourierft.EngineProperties;
import io.fourierft.FourierEngine;

/** {@link EngineProperties} on JTransforms. */
class JTransformsPropertiesTest extends EngineProperties {
  @Override
  protected FourierEngine open(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels("jtransforms"));
  }
}
