package io.fourierft;

/** How long each fuzz test looks for something new; {@code -Dfuzz.time=1h} sets it. */
public final class FuzzTime {
  /** An amount and a unit. */
  public static final String EACH = "${fuzz.time}";

  private FuzzTime() {}
}
