package io.fourierft.internal.cuda;

import io.fourierft.EngineProperties;
import io.fourierft.FourierEngine;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AddLifecycleHook;

/** {@link EngineProperties} on a real CUDA device. */
@Tag("gpu")
@AddLifecycleHook(RealCudaHook.class)
class GpuPropertiesTest extends EngineProperties {
  @Override
  protected FourierEngine open(int threads) {
    return RealCuda.open();
  }
}
