package io.fourierft.internal.cuda;

import io.fourierft.EngineRefusals;
import io.fourierft.FourierEngine;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@link EngineRefusals} on the emulated CUDA driver. */
@Tag("emulated-cuda")
@ExtendWith(EmulatorLeakCheck.class)
class CudaRefusalsTest extends EngineRefusals {
  @Override
  protected FourierEngine open(int threads) {
    return EmulatedCuda.open(0);
  }
}
