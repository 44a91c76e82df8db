package io.fourierft.internal.cuda;

import io.fourierft.EngineRefusals;
import io.fourierft.FourierEngine;
import org.junit.jupiter.api.Tag;

/** {@link EngineRefusals} on a real CUDA device. */
@Tag("gpu")
class GpuRefusalsTest extends EngineRefusals {
  @Override
  protected FourierEngine open(int threads) {
    return RealCuda.open();
  }
}
