package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.internal.definition.RootsOfUnity;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * The real transforms of a {@link RealLaneFft} for a prime length p, in real numbers alone. They
 * are Hartley transforms {@code H[v] = Σ_q h[q]·cas(2π·v·q/p)}, {@code cas = cos + sin}: forward
 * {@code H = Re X + Im X} of {@code h = x}, inverse {@code H = x} of {@code h = Re X - Im X}. With
 * a primitive root g of p, from elements {@code g^{-j}} to elements {@code g^k}, that is a cyclic
 * convolution of length p − 1 with {@code cas(2π·g^d/p)} (Rader 1968). Immutable.
 */
final class RealPrimeFft {
  /** The sum itself is as fast, and rounds less, for smaller primes; measured. */
  private static final int SMALLEST = 41;

  /** Putting one element in order and back, in the units of {@link FftLengths#cost}. */
  private static final double ORDER = 1;

  private final int half;
  private final double cost;

  /** {@code g^{-j}}, j below p − 1. */
  private final int[] order;

  private final RealConvolution convolution;

  private RealPrimeFft(int prime, int convolutionLength) {
    this.half = prime / 2;
    this.order = PrimitiveRoot.inversePowers(prime);
    double[] kernel = new double[prime - 1];
    for (int d = 0; d < kernel.length; d++) {
      int power = order[d == 0 ? 0 : kernel.length - d];
      kernel[d] = RootsOfUnity.cosine(power, prime) + RootsOfUnity.sine(power, prime);
    }
    this.cost = RealConvolution.cost(convolutionLength) + ORDER * prime;
    this.convolution = new RealConvolution(kernel, convolutionLength);
  }

  /** The plan of a length, or null where a complex transform of that length costs less. */
  static @Nullable RealPrimeFft of(int length) {
    if (length < SMALLEST || !FftLengths.isPrime(length)) {
      return null;
    }
    RealPrimeFft plan = new RealPrimeFft(length, RealConvolution.quickestLength(length - 1));
    return plan.cost() < FftLengths.cost(length) ? plan : null;
  }

  /** In the units of {@link FftLengths#cost}. */
  double cost() {
    return cost;
  }

  /** Floats of either block. */
  int blockFloats() {
    return Math.max(convolution.blockFloats(), (half + 1) * WIDTH);
  }

  /** Floats of scratch memory that a transform needs. */
  int scratchFloats() {
    return convolution.scratchFloats();
  }

  /** As {@link RealLaneFft#forward}. */
  boolean forward(float[] data, int dataAt, float[] work, int workAt, float[] scratch) {
    FloatVector.fromArray(SPECIES, data, dataAt)
        .intoArray(work, workAt + convolution.extraFloats());
    for (int j = 0; j < order.length; j++) {
      FloatVector.fromArray(SPECIES, data, dataAt + order[j] * COUNT)
          .intoArray(work, workAt + j * COUNT);
    }
    boolean inData = convolution.run(work, workAt, data, dataAt, scratch);
    if (inData) {
      toSpectrum(data, dataAt, work, workAt);
    } else {
      toSpectrum(work, workAt, data, dataAt);
    }
    return inData;
  }

  /** As {@link RealLaneFft#inverse}. */
  boolean inverse(float[] data, int dataAt, float[] work, int workAt, float[] scratch) {
    FloatVector.fromArray(SPECIES, data, dataAt)
        .intoArray(work, workAt + convolution.extraFloats());
    for (int j = 0; j < half; j++) {
      fromSpectrum(data, dataAt, j, work, workAt);
    }
    boolean inData = convolution.run(work, workAt, data, dataAt, scratch);
    if (inData) {
      toSequence(data, dataAt, work, workAt);
    } else {
      toSequence(work, workAt, data, dataAt);
    }
    return inData;
  }

  private void toSpectrum(float[] from, int fromAt, float[] to, int toAt) {
    FloatVector.fromArray(SPECIES, from, fromAt + convolution.extraFloats()).intoArray(to, toAt);
    FloatVector.zero(SPECIES).intoArray(to, toAt + COUNT);
    for (int k = 0; k < half; k++) {
      toSpectrum(from, fromAt, k, to, toAt);
    }
  }

  /** Elements {@code g^k} and {@code g^(k + (p-1)/2)}, whose places add up to p. */
  private void toSpectrum(float[] from, int fromAt, int k, float[] to, int toAt) {
    int place = order[k == 0 ? 0 : order.length - k];
    FloatVector h = FloatVector.fromArray(SPECIES, from, fromAt + convolution.place(k) * COUNT);
    FloatVector opposite =
        FloatVector.fromArray(SPECIES, from, fromAt + convolution.place(k + half) * COUNT);
    h = h.mul(0.5f);
    opposite = opposite.mul(0.5f);
    int at = toAt + Math.min(place, order.length + 1 - place) * WIDTH;
    h.add(opposite).intoArray(to, at);
    FloatVector difference = h.sub(opposite);
    (place > half ? difference.neg() : difference).intoArray(to, at + COUNT);
  }

  /** Elements j and j + (p − 1)/2 of the convolution, whose places add up to p. */
  private void fromSpectrum(float[] from, int fromAt, int j, float[] to, int toAt) {
    int place = order[j];
    boolean mirrored = place > half;
    int at = fromAt + (mirrored ? order.length + 1 - place : place) * WIDTH;
    FloatVector re = FloatVector.fromArray(SPECIES, from, at);
    FloatVector im = FloatVector.fromArray(SPECIES, from, at + COUNT);
    int first = toAt + j * COUNT;
    int second = toAt + (j + half) * COUNT;
    re.sub(im).intoArray(to, mirrored ? second : first);
    re.add(im).intoArray(to, mirrored ? first : second);
  }

  private void toSequence(float[] from, int fromAt, float[] to, int toAt) {
    FloatVector.fromArray(SPECIES, from, fromAt + convolution.extraFloats()).intoArray(to, toAt);
    for (int k = 0; k < order.length; k++) {
      int place = order[k == 0 ? 0 : order.length - k];
      FloatVector.fromArray(SPECIES, from, fromAt + convolution.place(k) * COUNT)
          .intoArray(to, toAt + place * COUNT);
    }
  }
}
