package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.internal.definition.RootsOfUnity;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * Real transforms of a block in lane layout, one a lane, between n real numbers and the half
 * spectrum {@code X[v]}, v = 0 .. n/2. Unscaled, sign + in both directions:
 *
 * <pre>
 *   forward    X[v] = Σ_q x[q]·e^{+2πi·v·q/n}
 *   inverse    x[q] = Re Σ_{v<n} X[v]·e^{+2πi·v·q/n},   where X[n-v] = conj X[v]
 * </pre>
 *
 * <p>An even length is done by a complex transform of half the length on the even and odd numbers
 * as real and imaginary parts, and one more pass over the block, which is part of the last or the
 * first one where that saves a pass; an odd length by a complex transform of its own, or, a prime
 * one for which that would take long, by a {@link RealPrimeFft}. Immutable.
 */
final class RealLaneFft {
  private final int length;
  private final LaneFft forward;
  private final LaneFft inverse;
  private final @Nullable RealPass separating;
  private final @Nullable RealPass joining;
  private final @Nullable RealPrimeFft prime;
  private final float[] roots;
  private final double cost;

  private RealLaneFft(int length) {
    this.length = length;
    this.prime = RealPrimeFft.of(length);
    int own = length % 2 == 0 ? length / 2 : length;
    int radix = length % 2 == 0 ? FftLengths.besideEights(own) : 1;
    boolean fused = radix > 1;
    this.forward = fused ? LaneFft.before(radix, own) : LaneFft.of(prime != null ? 1 : own);
    this.inverse = fused ? LaneFft.after(radix, own) : forward;
    this.separating = separating(radix, own);
    this.joining = joining(radix, own);
    this.cost = prime != null ? prime.cost() : FftLengths.cost(own);
    this.roots = length % 2 == 0 && !fused ? quarter(length) : new float[0];
  }

  private static @Nullable RealPass separating(int radix, int half) {
    return switch (radix) {
      case 2 -> new Separating2Pass(half);
      case 4 -> new Separating4Pass(half);
      default -> null;
    };
  }

  private static @Nullable RealPass joining(int radix, int half) {
    return switch (radix) {
      case 2 -> new Joining2Pass(half);
      case 4 -> new Joining4Pass(half);
      default -> null;
    };
  }

  /** The plan of a length from 1 on. */
  static RealLaneFft of(int length) {
    return new RealLaneFft(length);
  }

  /** {@code e^{2πi·v/length}}, v up to a quarter of the length. */
  static float[] quarter(int length) {
    float[] roots = new float[2 * (length / 4 + 1)];
    for (int v = 0; v <= length / 4; v++) {
      roots[2 * v] = (float) RootsOfUnity.cosine(v, length);
      roots[2 * v + 1] = (float) RootsOfUnity.sine(v, length);
    }
    return roots;
  }

  /** The number of real values. */
  int length() {
    return length;
  }

  /** The cost of a transform in the units of {@link FftLengths#cost}. */
  double cost() {
    return cost;
  }

  /** The number of complex values of a half spectrum. */
  int bins() {
    return length / 2 + 1;
  }

  /** Floats of either block: room for the half spectrum, the real values and the way between. */
  int blockFloats() {
    return prime != null ? prime.blockFloats() : Math.max(forward.blockFloats(), bins() * WIDTH);
  }

  /** Floats of scratch memory that a transform needs. */
  int scratchFloats() {
    return prime != null
        ? prime.scratchFloats()
        : Math.max(forward.scratchFloats(), inverse.scratchFloats());
  }

  /**
   * From real numbers to the half spectrum. Both blocks are overwritten.
   *
   * @return whether the result stands in {@code work}
   */
  boolean forward(float[] data, int dataAt, float[] work, int workAt, float[] scratch) {
    if (prime != null) {
      return prime.forward(data, dataAt, work, workAt, scratch);
    }
    if (length % 2 != 0) {
      widen(data, dataAt);
      return forward.transform(data, dataAt, work, workAt, scratch);
    }
    boolean inWork = forward.transform(data, dataAt, work, workAt, scratch);
    if (separating != null) {
      if (inWork) {
        separating.run(work, workAt, data, dataAt);
      } else {
        separating.run(data, dataAt, work, workAt);
      }
      return !inWork;
    }
    if (inWork) {
      separate(work, workAt);
    } else {
      separate(data, dataAt);
    }
    return inWork;
  }

  /**
   * From the half spectrum to real numbers; the imaginary parts of bin 0 and, for an even length,
   * of the last are ignored. Both blocks are overwritten.
   *
   * @return whether the result stands in {@code work}
   */
  boolean inverse(float[] data, int dataAt, float[] work, int workAt, float[] scratch) {
    if (prime != null) {
      return prime.inverse(data, dataAt, work, workAt, scratch);
    }
    if (joining != null) {
      joining.run(data, dataAt, work, workAt);
      return !inverse.transform(work, workAt, data, dataAt, scratch);
    }
    if (length % 2 == 0) {
      join(data, dataAt);
      return inverse.transform(data, dataAt, work, workAt, scratch);
    }
    mirror(data, dataAt);
    boolean inWork = inverse.transform(data, dataAt, work, workAt, scratch);
    if (inWork) {
      narrow(work, workAt);
    } else {
      narrow(data, dataAt);
    }
    return inWork;
  }

  /** Z[v] of the packed numbers to X[v]. */
  private void separate(float[] x, int at) {
    int half = length / 2;
    FloatVector re = FloatVector.fromArray(SPECIES, x, at);
    FloatVector im = FloatVector.fromArray(SPECIES, x, at + COUNT);
    FloatVector zero = FloatVector.zero(SPECIES);
    re.add(im).intoArray(x, at);
    zero.intoArray(x, at + COUNT);
    re.sub(im).intoArray(x, at + half * WIDTH);
    zero.intoArray(x, at + half * WIDTH + COUNT);
    for (int v = 1; 2 * v <= half; v++) {
      separatePair(x, at + v * WIDTH, at + (half - v) * WIDTH, v);
    }
  }

  private void separatePair(float[] x, int low, int high, int v) {
    FloatVector lowRe = FloatVector.fromArray(SPECIES, x, low).mul(0.5f);
    FloatVector lowIm = FloatVector.fromArray(SPECIES, x, low + COUNT).mul(0.5f);
    FloatVector highRe = FloatVector.fromArray(SPECIES, x, high).mul(0.5f);
    FloatVector highIm = FloatVector.fromArray(SPECIES, x, high + COUNT).mul(0.5f);
    float wr = roots[2 * v];
    float wi = roots[2 * v + 1];
    FloatVector sumRe = lowRe.add(highRe);
    FloatVector sumIm = lowIm.sub(highIm);
    FloatVector differenceRe = lowRe.sub(highRe);
    FloatVector differenceIm = lowIm.add(highIm);
    // i·w·difference
    FloatVector turnedRe = differenceRe.mul(wi).add(differenceIm.mul(wr)).neg();
    FloatVector turnedIm = differenceRe.mul(wr).sub(differenceIm.mul(wi));
    sumRe.add(turnedRe).intoArray(x, high);
    sumIm.add(turnedIm).neg().intoArray(x, high + COUNT);
    sumRe.sub(turnedRe).intoArray(x, low);
    sumIm.sub(turnedIm).intoArray(x, low + COUNT);
  }

  /** X[v] to Z[v] of the packed numbers. */
  private void join(float[] x, int at) {
    int half = length / 2;
    FloatVector first = FloatVector.fromArray(SPECIES, x, at);
    FloatVector last = FloatVector.fromArray(SPECIES, x, at + half * WIDTH);
    first.add(last).intoArray(x, at);
    first.sub(last).intoArray(x, at + COUNT);
    for (int v = 1; 2 * v <= half; v++) {
      joinPair(x, at + v * WIDTH, at + (half - v) * WIDTH, v);
    }
  }

  private void joinPair(float[] x, int low, int high, int v) {
    FloatVector lowRe = FloatVector.fromArray(SPECIES, x, low);
    FloatVector lowIm = FloatVector.fromArray(SPECIES, x, low + COUNT);
    FloatVector highRe = FloatVector.fromArray(SPECIES, x, high);
    FloatVector highIm = FloatVector.fromArray(SPECIES, x, high + COUNT);
    float wr = roots[2 * v];
    float wi = roots[2 * v + 1];
    FloatVector sumRe = lowRe.add(highRe);
    FloatVector sumIm = lowIm.sub(highIm);
    FloatVector differenceRe = lowRe.sub(highRe);
    FloatVector differenceIm = lowIm.add(highIm);
    // i·w·difference
    FloatVector turnedRe = differenceRe.mul(wi).add(differenceIm.mul(wr)).neg();
    FloatVector turnedIm = differenceRe.mul(wr).sub(differenceIm.mul(wi));
    sumRe.sub(turnedRe).intoArray(x, high);
    turnedIm.sub(sumIm).intoArray(x, high + COUNT);
    sumRe.add(turnedRe).intoArray(x, low);
    sumIm.add(turnedIm).intoArray(x, low + COUNT);
  }

  /** Real numbers to complex ones, from the end so that none is overwritten before it is read. */
  private void widen(float[] x, int at) {
    FloatVector zero = FloatVector.zero(SPECIES);
    for (int q = length - 1; q >= 0; q--) {
      FloatVector re = FloatVector.fromArray(SPECIES, x, at + q * COUNT);
      re.intoArray(x, at + q * WIDTH);
      zero.intoArray(x, at + q * WIDTH + COUNT);
    }
  }

  private void narrow(float[] x, int at) {
    for (int q = 0; q < length; q++) {
      FloatVector.fromArray(SPECIES, x, at + q * WIDTH).intoArray(x, at + q * COUNT);
    }
  }

  private void mirror(float[] x, int at) {
    FloatVector.zero(SPECIES).intoArray(x, at + COUNT);
    for (int v = 1; v <= length / 2; v++) {
      int low = at + v * WIDTH;
      int high = at + (length - v) * WIDTH;
      FloatVector.fromArray(SPECIES, x, low).intoArray(x, high);
      FloatVector.fromArray(SPECIES, x, low + COUNT).neg().intoArray(x, high + COUNT);
    }
  }
}
