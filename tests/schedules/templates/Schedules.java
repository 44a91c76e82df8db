package io.fourierft;

/** How many schedules each test is run under; {@code -Dschedules.each=2000} sets it. */
public final class Schedules {
  /** A number that the build puts here. */
  public static final int EACH = $schedules.each$;

  private Schedules() {}
}
