package io.fourierft.internal.cuda;

import io.fourierft.EngineContract;
import io.fourierft.FourierEngine;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@link EngineContract} on the emulated CUDA driver. */
@Tag("emulated-cuda")
@ExtendWith(EmulatorLeakCheck.class)
class CudaContractTest extends EngineContract {
  @Override
  protected FourierEngine open(int threads) {
    return EmulatedCuda.open(0);
  }
}
