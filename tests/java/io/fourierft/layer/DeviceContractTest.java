package io.fourierft.layer;

import io.fourierft.internal.cuda.OnEmulator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ExtendWith;

/** What layers in host memory promise, of layers in device memory. */
@OnEmulator
class DeviceContractTest {
  @Nested
  @ExtendWith(OnDevice.class)
  class Activation extends FourierLinearActivationTest {}

  @Nested
  @ExtendWith(OnDevice.class)
  class Merge extends FourierLinearMergeTest {}

  @Nested
  @ExtendWith(OnDevice.class)
  class MixedBatch extends FourierLinearMixedBatchTest {}

  @Nested
  @ExtendWith(OnDevice.class)
  class Gradient extends FourierLinearGradientTest {}

  @Nested
  @ExtendWith(OnDevice.class)
  class Concurrency extends FourierLinearConcurrencyTest {}
}
