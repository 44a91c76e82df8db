package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * How near two results must be that are the same but for the plans that computed them: one of a
 * batch and the same alone, in place and elsewhere, through callbacks and without. To the bit where
 * plans round alike, as on the CPU and in the emulated cuFFT. A real cuFFT may take another kernel
 * for each plan, and so does the emulated one where it perturbs its results: there, within some
 * units in the last place of the results' root mean square.
 */
public final class PlanRounding {
  private static final boolean EXACT =
      System.getenv("EMULATED_CUFFT_PERTURBATION") == null
          && System.getProperty("fourierft.gpu.tests") == null;

  /** In units of 2^-23: three passes of a transform, each off by 1e-7, times five deviations. */
  private static final double UNITS = 16;

  private PlanRounding() {}

  /** What an element may be off by, of results like these; 0 where plans round alike. */
  public static double slack(float... results) {
    if (EXACT) {
      return 0;
    }
    double squares = 0;
    for (float result : results) {
      squares += (double) result * result;
    }
    return UNITS * Math.ulp(1f) * Math.sqrt(squares / Math.max(1, results.length));
  }

  /** Fails unless the results are the same but for their plans. */
  public static void assertSame(float[] expected, float[] found, String message) {
    if (EXACT) {
      assertArrayEquals(expected, found, message);
      return;
    }
    double slack = slack(expected);
    for (int i = 0; i < expected.length; i++) {
      assertSame(expected[i], found[i], slack, message + ", element " + i);
    }
  }

  /** The same without a message. */
  public static void assertSame(float[] expected, float[] found) {
    assertSame(expected, found, "");
  }

  /** Fails unless a number is the expected one give or take the {@link #slack}. */
  public static void assertSame(double expected, double found, double slack, String message) {
    assertTrue(
        expected == found || Math.abs(expected - found) <= slack,
        () -> "%s: expected %s, found %s".formatted(message, expected, found));
  }

  /** Fails unless {@code found} is what a number that is off by the slack at most is rounded to. */
  public static void assertRounded(
      ElementType type, double exact, double found, double slack, String message) {
    double least = rounded(type, exact - slack);
    double greatest = rounded(type, exact + slack);
    assertTrue(
        least <= found && found <= greatest,
        () -> "%s: expected %s to %s, found %s".formatted(message, least, greatest, found));
  }

  private static double rounded(ElementType type, double exact) {
    return type == ElementType.F64 ? exact : type.round((float) exact);
  }
}
