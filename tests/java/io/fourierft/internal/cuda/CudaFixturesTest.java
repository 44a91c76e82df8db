package io.fourierft.internal.cuda;

import io.fourierft.EngineFixtures;
import io.fourierft.FourierEngine;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@link EngineFixtures} on the emulated CUDA driver. */
@Tag("emulated-cuda")
@ExtendWith(EmulatorLeakCheck.class)
class CudaFixturesTest extends EngineFixtures {
  @Override
  protected FourierEngine open(int threads) {
    return EmulatedCuda.open(0);
  }
}
