package io.fourierft.internal.cuda;

import io.fourierft.EngineContract;
import io.fourierft.FourierEngine;
import org.junit.jupiter.api.Tag;

/** {@link EngineContract} on a real CUDA device. */
@Tag("gpu")
class GpuContractTest extends EngineContract {
  @Override
  protected FourierEngine open(int threads) {
    return RealCuda.open();
  }
}
