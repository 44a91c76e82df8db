package io.fourierft.internal.cpu;

import io.fourierft.internal.definition.HalfSpectrum;
import org.jspecify.annotations.Nullable;
import org.jtransforms.fft.DoubleFFT_1D;
import org.jtransforms.fft.FloatFFT_1D;

/**
 * JTransforms for signals of one length, unscaled, in the conventions of this package: every
 * transform has the sign e^{+i}. For one thread at a time, since its plans are.
 *
 * <p>The real transforms work on JTransforms' packed half spectrum of {@code length} floats: the
 * real part of bin v stands at {@link #realAt}, the imaginary part at {@link #imaginaryAt}.
 *
 * <p>JTransforms' float tables for real transforms lose digits with a prime factor of 11 to 199 (up
 * to 1e-4 at 197), where it rotates by recurrence in float; those lengths go through its double
 * transforms.
 */
final class LinePlan {
  private final int length;
  private final FloatFFT_1D single;
  private final @Nullable DoubleFFT_1D twice;
  private final double[] wide;
  private final float gain;

  LinePlan(int length) {
    this.length = length;
    single = new FloatFFT_1D(length);
    boolean precise = realTransformIsPrecise(length);
    twice = precise ? null : new DoubleFFT_1D(length);
    wide = precise ? new double[0] : new double[length];
    // The unscaled inverse of split-radix lengths is half the sum, that of the others the sum.
    float[] impulse = new float[length];
    impulse[0] = 1;
    inverseReal(impulse, 0);
    gain = impulse[0];
  }

  /** Whether the float tables of the real transforms are good to a few units in the last place. */
  static boolean realTransformIsPrecise(int length) {
    int rest = length;
    for (int factor = 2; factor <= 7; factor++) {
      while (rest % factor == 0) {
        rest /= factor;
      }
    }
    return rest == 1 || isConvolved(length);
  }

  /** Whether JTransforms takes Bluestein's algorithm, for what 2, 3 and 5 leave of the length. */
  static boolean isConvolved(int length) {
    int unusual = length;
    for (int factor = 2; factor <= 5; factor++) {
      while (unusual % factor == 0) {
        unusual /= factor;
      }
    }
    return unusual >= 211;
  }

  int length() {
    return length;
  }

  /** {@code a[p] = Σ_u a[u]·e^{+2πi·u·p/length}}, interleaved from {@code a[at]}. */
  void complex(float[] a, int at) {
    single.complexInverse(a, at, false);
  }

  /** What {@link #inverseReal} multiplies its result by. */
  float gain() {
    return gain;
  }

  /** Where the real part of bin v is in a packed half spectrum. */
  int realAt(int v) {
    return v != 0 && 2 * v == length ? 1 : 2 * v;
  }

  /** Where the imaginary part of bin v is, or −1 if the bin has none. */
  int imaginaryAt(int v) {
    if (HalfSpectrum.isSelfConjugate(v, length)) {
      return -1;
    }
    return 2 * v + 1 == length ? 1 : 2 * v + 1;
  }

  /**
   * {@code a[q] = gain · (H[0] + 2·Re Σ_{0<v<length/2} H[v]·e^{+2πi·v·q/length} + H[length/2]·±1)}
   * from a packed half spectrum H at {@code a[at]}, in place.
   */
  void inverseReal(float[] a, int at) {
    if (twice == null) {
      single.realInverse(a, at, false);
      return;
    }
    for (int i = 0; i < length; i++) {
      wide[i] = a[at + i];
    }
    twice.realInverse(wide, 0, false);
    for (int i = 0; i < length; i++) {
      a[at + i] = (float) wide[i];
    }
  }

  /**
   * The half spectrum {@code X[v] = Σ_q a[q]·e^{+2πi·v·q/length}} of the numbers at {@code a[at]},
   * which are overwritten, to {@code spectrum[to + 2v]} (real) and {@code [to + 2v + 1]}.
   */
  void forwardReal(float[] a, int at, float[] spectrum, int to) {
    if (twice == null) {
      single.realForward(a, at);
    } else {
      for (int i = 0; i < length; i++) {
        wide[i] = a[at + i];
      }
      twice.realForward(wide);
      for (int i = 0; i < length; i++) {
        a[at + i] = (float) wide[i];
      }
    }
    // JTransforms' forward sign is e^{-i}: conjugate.
    for (int v = 0; v <= length / 2; v++) {
      int imaginary = imaginaryAt(v);
      spectrum[to + 2 * v] = a[at + realAt(v)];
      spectrum[to + 2 * v + 1] = imaginary < 0 ? 0 : -a[at + imaginary];
    }
  }

  /** Whether a line can be transformed: a number that is not finite would spoil all of it. */
  static boolean allFinite(float[] line, int count) {
    float zero = 0;
    for (int i = 0; i < count; i++) {
      zero += line[i] * 0f;
    }
    return zero == 0;
  }
}
