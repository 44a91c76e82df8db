package io.fourierft.internal.cpu;

import io.fourierft.EngineConformance;
import io.fourierft.EngineContract;
import io.fourierft.EngineExtremes;
import io.fourierft.EngineFixtures;
import io.fourierft.EngineOperatorPaths;
import io.fourierft.EngineOptions;
import io.fourierft.EngineProperties;
import io.fourierft.EngineRefusals;
import io.fourierft.FourierEngine;
import net.jqwik.api.Group;
import org.junit.jupiter.api.Nested;

/** What every engine passes, on the CPU engine with JTransforms. */
class JTransformsSuiteTest {
  private static FourierEngine open(int threads) {
    return FourierEngine.create(
        EngineOptions.defaults().withDevice("cpu").withThreads(threads).withKernels("jtransforms"));
  }

  @Nested
  class Conformance extends EngineConformance {
    @Override
    protected FourierEngine open(int threads) {
      return JTransformsSuiteTest.open(threads);
    }
  }

  @Nested
  class Contract extends EngineContract {
    @Override
    protected FourierEngine open(int threads) {
      return JTransformsSuiteTest.open(threads);
    }
  }

  @Nested
  class OperatorPaths extends EngineOperatorPaths {
    @Override
    protected FourierEngine open(int threads) {
      return JTransformsSuiteTest.open(threads);
    }
  }

  @Nested
  class Extremes extends EngineExtremes {
    @Override
    protected FourierEngine open(int threads) {
      return JTransformsSuiteTest.open(threads);
    }
  }

  @Nested
  class Fixtures extends EngineFixtures {
    @Override
    protected FourierEngine open(int threads) {
      return JTransformsSuiteTest.open(threads);
    }
  }

  @Nested
  class Refusals extends EngineRefusals {
    @Override
    protected FourierEngine open(int threads) {
      return JTransformsSuiteTest.open(threads);
    }
  }

  @Group
  class Properties extends EngineProperties {
    @Override
    protected FourierEngine open(int threads) {
      return JTransformsSuiteTest.open(threads);
    }
  }
}
