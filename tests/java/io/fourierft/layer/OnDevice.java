package io.fourierft.layer;

import io.fourierft.OneEngineTest;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.internal.cuda.EmulatedCuda;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Lets the layers of a class lie on an emulated device. */
final class OnDevice extends OneEngineTest implements BeforeAllCallback, AfterAllCallback {
  private static DevicePlace place;

  @Override
  public void beforeAll(ExtensionContext context) {
    EmulatedCuda.require();
    CudaFourierEngine engine = EmulatedCuda.open(0);
    place = new DevicePlace(engine);
    LayerSamples.placeAt(place);
    use(engine);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    LayerSamples.placeAt(LayerPlace.HOST);
    if (place != null) {
      place.close();
    }
  }
}
