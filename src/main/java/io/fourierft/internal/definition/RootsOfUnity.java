package io.fourierft.internal.definition;

/** The numbers {@code e^{+2πi·j/n}}, computed in double and rounded once. */
public final class RootsOfUnity {
  private RootsOfUnity() {}

  /** Real part of {@code e^{+2πi·j/n}} for any j. */
  public static double cosine(long j, long n) {
    return octant(Math.floorMod(j, n), n, false);
  }

  /** Imaginary part of {@code e^{+2πi·j/n}} for any j. */
  public static double sine(long j, long n) {
    return octant(Math.floorMod(j, n), n, true);
  }

  /** All n roots, {@code [2j]} real and {@code [2j+1]} imaginary. */
  public static float[] table(int n) {
    float[] roots = new float[2 * n];
    for (int j = 0; j < n; j++) {
      roots[2 * j] = (float) cosine(j, n);
      roots[2 * j + 1] = (float) sine(j, n);
    }
    return roots;
  }

  /**
   * The angle is folded into one eighth of the circle first, so that the symmetric values agree.
   */
  private static double octant(long j, long n, boolean sine) {
    long eighths = 8 * j;
    if (eighths > 4 * n) {
      double value = octant(n - j, n, sine);
      return sine ? -value : value;
    }
    if (eighths > 2 * n) {
      // e^{iθ} = i·e^{i(θ - π/2)}: work in quarters of a step to stay in integers.
      double angle = 2 * Math.PI * (4 * j - n) / (4.0 * n);
      return sine ? Math.cos(angle) : -Math.sin(angle);
    }
    if (eighths > n) {
      double angle = 2 * Math.PI * (n - 4 * j) / (4.0 * n);
      return sine ? Math.cos(angle) : Math.sin(angle);
    }
    double angle = 2 * Math.PI * j / n;
    return sine ? Math.sin(angle) : Math.cos(angle);
  }
}
