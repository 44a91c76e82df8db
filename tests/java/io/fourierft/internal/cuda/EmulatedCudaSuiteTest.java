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
import org.junit.jupiter.api.extension.ExtendWith;

/** What every engine passes, on the emulated CUDA driver. */
@OnEmulator
@net.jqwik.api.Tag("emulated-cuda")
@AddLifecycleHook(EmulatorHook.class)
class EmulatedCudaSuiteTest {
  private static FourierEngine open() {
    return EmulatedCuda.open(0);
  }

  @Nested
  class Conformance extends EngineConformance {
    @Override
    protected FourierEngine open(int threads) {
      return EmulatedCudaSuiteTest.open();
    }
  }

  @Nested
  class Contract extends EngineContract {
    @Override
    protected FourierEngine open(int threads) {
      return EmulatedCudaSuiteTest.open();
    }
  }

  @Nested
  class OperatorPaths extends EngineOperatorPaths {
    @Override
    protected FourierEngine open(int threads) {
      return EmulatedCudaSuiteTest.open();
    }
  }

  @Nested
  class Extremes extends EngineExtremes {
    @Override
    protected FourierEngine open(int threads) {
      return EmulatedCudaSuiteTest.open();
    }
  }

  @Nested
  class Fixtures extends EngineFixtures {
    @Override
    protected FourierEngine open(int threads) {
      return EmulatedCudaSuiteTest.open();
    }
  }

  @Nested
  class Refusals extends EngineRefusals {
    @Override
    protected FourierEngine open(int threads) {
      return EmulatedCudaSuiteTest.open();
    }
  }

  @Group
  class Properties extends EngineProperties {
    @Override
    protected FourierEngine open(int threads) {
      return EmulatedCudaSuiteTest.open();
    }
  }

  /** With scatter, scaling and rounding linked into cuFFT's own kernels. */
  @Nested
  @ExtendWith(CallbacksOn.class)
  class ConformanceWithCallbacks extends EngineConformance {
    @Override
    protected FourierEngine open(int threads) {
      return EmulatedCudaSuiteTest.open();
    }
  }

  /** By cuFFT's transforms alone. */
  @Nested
  @ExtendWith(FusedOff.class)
  class ContractWithoutFusedKernels extends EngineContract {
    @Override
    protected FourierEngine open(int threads) {
      return EmulatedCudaSuiteTest.open();
    }
  }

  @Nested
  @ExtendWith(FusedOff.class)
  class ExtremesWithoutFusedKernels extends EngineExtremes {
    @Override
    protected FourierEngine open(int threads) {
      return EmulatedCudaSuiteTest.open();
    }
  }
}
