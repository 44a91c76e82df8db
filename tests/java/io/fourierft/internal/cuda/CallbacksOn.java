package io.fourierft.internal.cuda;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Lets the engines that a test class opens use cuFFT's link-time callbacks. */
final class CallbacksOn implements BeforeAllCallback, AfterAllCallback {
  @Override
  public void beforeAll(ExtensionContext context) {
    System.setProperty(CallbackSurvey.PROPERTY, "on");
  }

  @Override
  public void afterAll(ExtensionContext context) {
    System.clearProperty(CallbackSurvey.PROPERTY);
  }
}
