package io.fourierft.internal.cuda;

import io.fourierft.EngineFixtures;
import io.fourierft.FourierEngine;
import org.junit.jupiter.api.Tag;

/** {@link EngineFixtures} on a real CUDA device. */
@Tag("gpu")
class GpuFixturesTest extends EngineFixtures {
  @Override
  protected FourierEngine open(int threads) {
    return RealCuda.open();
  }
}
