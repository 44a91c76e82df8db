package io.fourierft.internal.cuda;

import io.fourierft.EngineProperties;
import io.fourierft.FourierEngine;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AddLifecycleHook;

/** {@link EngineProperties} on the emulated CUDA driver. */
@Tag("emulated-cuda")
@AddLifecycleHook(EmulatorHook.class)
class CudaPropertiesTest extends EngineProperties {
  @Override
  protected FourierEngine open(int threads) {
    return EmulatedCuda.open(0);
  }
}
