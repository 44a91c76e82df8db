package io.fourierft.internal.cuda.ops;

import io.fourierft.FourierException;
import java.util.Locale;

/** When an operation is computed by one kernel of its own instead of cuFFT's transforms. */
public enum FusedUse {
  /** Where it moves fewer bytes. */
  AUTO,
  /** Only where a caller asks for it. */
  OFF,
  /** Always; what cannot be computed that way is refused. */
  ON;

  /** Property that sets it: auto, off or on. */
  public static final String PROPERTY = "fourierft.cuda.fused";

  /** What {@link #PROPERTY} says. */
  static FusedUse fromProperty() {
    String given = System.getProperty(PROPERTY, "auto");
    for (FusedUse each : values()) {
      if (each.name().equals(given.toUpperCase(Locale.ROOT))) {
        return each;
      }
    }
    throw new FourierException(
        "-D%s=%s is unknown; give auto, off or on".formatted(PROPERTY, given));
  }
}
