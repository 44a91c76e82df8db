package io.fourierft.internal.cuda;

import io.fourierft.EngineExtremes;
import io.fourierft.FourierEngine;
import org.junit.jupiter.api.Tag;

/** {@link EngineExtremes} on a real CUDA device. */
@Tag("gpu")
class GpuExtremesTest extends EngineExtremes {
  @Override
  protected FourierEngine open(int threads) {
    return RealCuda.open();
  }
}
