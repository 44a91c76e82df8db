package io.fourierft.internal.cuda;

import io.fourierft.internal.cuda.ops.FusedUse;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Lets the engines that a test class opens take the fused kernels only where they are asked to. */
final class FusedOff implements BeforeAllCallback, AfterAllCallback {
  @Override
  public void beforeAll(ExtensionContext context) {
    System.setProperty(FusedUse.PROPERTY, "off");
  }

  @Override
  public void afterAll(ExtensionContext context) {
    System.clearProperty(FusedUse.PROPERTY);
  }
}
