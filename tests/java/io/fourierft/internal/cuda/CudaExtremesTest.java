package io.fourierft.internal.cuda;

import io.fourierft.EngineExtremes;
import io.fourierft.FourierEngine;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@link EngineExtremes} on the emulated CUDA driver. */
@Tag("emulated-cuda")
@ExtendWith(EmulatorLeakCheck.class)
class CudaExtremesTest extends EngineExtremes {
  @Override
  protected FourierEngine open(int threads) {
    return EmulatedCuda.open(0);
  }
}
