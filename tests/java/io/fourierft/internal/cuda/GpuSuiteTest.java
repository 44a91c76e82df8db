package io.fourierft.internal.cuda;

import io.fourierft.EngineConformance;
import io.fourierft.EngineContract;
import io.fourierft.EngineExtremes;
import io.fourierft.EngineFixtures;
import io.fourierft.EngineOperatorPaths;
import io.fourierft.EngineProperties;
import io.fourierft.EngineRefusals;
import io.fourierft.FourierEngine;
import net.jqwik.api.Group;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** What every engine passes, on a real CUDA device. */
@Tag("gpu")
@net.jqwik.api.Tag("gpu")
@AddLifecycleHook(RealCudaHook.class)
class GpuSuiteTest {
  private static FourierEngine open() {
    return RealCuda.open();
  }

  @Nested
  class Conformance extends EngineConformance {
    @Override
    protected FourierEngine open(int threads) {
      return GpuSuiteTest.open();
    }
  }

  @Nested
  class Contract extends EngineContract {
    @Override
    protected FourierEngine open(int threads) {
      return GpuSuiteTest.open();
    }
  }

  @Nested
  class OperatorPaths extends EngineOperatorPaths {
    @Override
    protected FourierEngine open(int threads) {
      return GpuSuiteTest.open();
    }
  }

  @Nested
  class Extremes extends EngineExtremes {
    @Override
    protected FourierEngine open(int threads) {
      return GpuSuiteTest.open();
    }
  }

  @Nested
  class Fixtures extends EngineFixtures {
    @Override
    protected FourierEngine open(int threads) {
      return GpuSuiteTest.open();
    }
  }

  @Nested
  class Refusals extends EngineRefusals {
    @Override
    protected FourierEngine open(int threads) {
      return GpuSuiteTest.open();
    }
  }

  @Group
  class Properties extends EngineProperties {
    @Override
    protected FourierEngine open(int threads) {
      return GpuSuiteTest.open();
    }
  }
}
