package io.fourierft.internal.cpu;

import io.fourierft.EngineFixtures;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;

/** {@link EngineFixtures} on JTransforms. */
class JTransformsFixturesTest extends EngineFixtures {
  @Override
  protected FourierEngine open(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels("jtransforms"));
  }
}
