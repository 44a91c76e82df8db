package io.fourierft.internal.cpu.provider;

import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe;
import io.fourierft.FourierEngine;

/** Opens engines one after the other, for tests that need flags of their own. */
public final class EngineOpeningMain {
  private EngineOpeningMain() {}

  /** Each argument is a device; says what became of it. */
  public static void main(String[] devices) {
    for (String device : devices) {
      try (FourierEngine engine =
          FourierEngine.create(EngineOptions.defaults().withDevice(device))) {
        System.out.println("opened " + engine.name());
        for (EngineProbe probe : engine.selection().probes()) {
          System.out.println("probe " + probe);
        }
      }
    }
  }
}
