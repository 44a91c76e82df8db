package io.fourierft.internal.cuda;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Skips a class where there is no emulated driver, and fails it if it leaves anything on the device
 * once its own clean-up is done.
 */
final class EmulatorLeakCheck implements BeforeAllCallback, AfterAllCallback {
  @Override
  public void beforeAll(ExtensionContext context) {
    EmulatedCuda.require();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    EmulatedCuda.require().assertNothingLeft();
  }
}
