package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.FUSED;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.internal.definition.RootsOfUnity;
import jdk.incubator.vector.FloatVector;

/**
 * The pass of any odd radix, by the sum itself: the symmetric and antisymmetric halves of the input
 * are formed once, and give outputs k and radix − k together. Takes a time proportional to radix²,
 * which is the fastest way for moderate primes.
 */
final class OddPass implements FftPass {
  private final int radix;
  private final int m;
  private final int s;
  private final float[] twiddles;
  private final float[] cosines;
  private final float[] sines;

  OddPass(int radix, int m, int s) {
    this.radix = radix;
    this.m = m;
    this.s = s;
    this.twiddles = FftPass.twiddles(radix, m);
    this.cosines = new float[radix];
    this.sines = new float[radix];
    for (int j = 0; j < radix; j++) {
      cosines[j] = (float) RootsOfUnity.cosine(j, radix);
      sines[j] = (float) RootsOfUnity.sine(j, radix);
    }
  }

  @Override
  public int scratchFloats() {
    return radix * WIDTH;
  }

  @Override
  public void run(float[] in, int inAt, float[] out, int outAt, float[] scratch) {
    int step = s * WIDTH;
    for (int p = 0; p < m; p++) {
      for (int q = 0; q < step; q += WIDTH) {
        int o = outAt + radix * p * step + q;
        fold(in, inAt + p * step + q, scratch);
        zeroth(scratch, out, o);
        int half = radix / 2;
        for (int k = 1; k <= half; k += 2) {
          pair(scratch, k, Math.min(k + 1, half), out, o);
        }
        if (p > 0) {
          turn(out, o, p);
        }
      }
    }
  }

  /** Element 0, then for each j the sum and the difference of elements j and radix − j. */
  private void fold(float[] in, int i, float[] scratch) {
    int from = m * s * WIDTH;
    FloatVector.fromArray(SPECIES, in, i).intoArray(scratch, 0);
    FloatVector.fromArray(SPECIES, in, i + COUNT).intoArray(scratch, COUNT);
    int low = i + from;
    int high = i + (radix - 1) * from;
    for (int at = WIDTH; at < radix * WIDTH; at += 2 * WIDTH) {
      FloatVector lowRe = FloatVector.fromArray(SPECIES, in, low);
      FloatVector lowIm = FloatVector.fromArray(SPECIES, in, low + COUNT);
      FloatVector highRe = FloatVector.fromArray(SPECIES, in, high);
      FloatVector highIm = FloatVector.fromArray(SPECIES, in, high + COUNT);
      lowRe.add(highRe).intoArray(scratch, at);
      lowIm.add(highIm).intoArray(scratch, at + COUNT);
      lowRe.sub(highRe).intoArray(scratch, at + WIDTH);
      lowIm.sub(highIm).intoArray(scratch, at + WIDTH + COUNT);
      low += from;
      high -= from;
    }
  }

  private void zeroth(float[] scratch, float[] out, int o) {
    FloatVector re = FloatVector.fromArray(SPECIES, scratch, 0);
    FloatVector im = FloatVector.fromArray(SPECIES, scratch, COUNT);
    for (int at = WIDTH; at < radix * WIDTH; at += 2 * WIDTH) {
      re = re.add(FloatVector.fromArray(SPECIES, scratch, at));
      im = im.add(FloatVector.fromArray(SPECIES, scratch, at + COUNT));
    }
    re.intoArray(out, o);
    im.intoArray(out, o + COUNT);
  }

  /** Outputs a, radix − a, b and radix − b; b may equal a. */
  private void pair(float[] scratch, int a, int b, float[] out, int o) {
    FloatVector evenReA = FloatVector.fromArray(SPECIES, scratch, 0);
    FloatVector evenImA = FloatVector.fromArray(SPECIES, scratch, COUNT);
    FloatVector evenReB = evenReA;
    FloatVector evenImB = evenImA;
    FloatVector oddReA = FloatVector.zero(SPECIES);
    FloatVector oddImA = oddReA;
    FloatVector oddReB = oddReA;
    FloatVector oddImB = oddReA;
    int rootA = 0;
    int rootB = 0;
    for (int at = WIDTH; at < radix * WIDTH; at += 2 * WIDTH) {
      rootA += a;
      rootA -= rootA >= radix ? radix : 0;
      rootB += b;
      rootB -= rootB >= radix ? radix : 0;
      FloatVector sumRe = FloatVector.fromArray(SPECIES, scratch, at);
      FloatVector sumIm = FloatVector.fromArray(SPECIES, scratch, at + COUNT);
      FloatVector cosA = FloatVector.broadcast(SPECIES, cosines[rootA]);
      FloatVector cosB = FloatVector.broadcast(SPECIES, cosines[rootB]);
      evenReA = FUSED ? sumRe.fma(cosA, evenReA) : sumRe.mul(cosA).add(evenReA);
      evenImA = FUSED ? sumIm.fma(cosA, evenImA) : sumIm.mul(cosA).add(evenImA);
      evenReB = FUSED ? sumRe.fma(cosB, evenReB) : sumRe.mul(cosB).add(evenReB);
      evenImB = FUSED ? sumIm.fma(cosB, evenImB) : sumIm.mul(cosB).add(evenImB);
      FloatVector differenceRe = FloatVector.fromArray(SPECIES, scratch, at + WIDTH);
      FloatVector differenceIm = FloatVector.fromArray(SPECIES, scratch, at + WIDTH + COUNT);
      FloatVector sinA = FloatVector.broadcast(SPECIES, sines[rootA]);
      FloatVector sinB = FloatVector.broadcast(SPECIES, sines[rootB]);
      oddReA = FUSED ? differenceRe.fma(sinA, oddReA) : differenceRe.mul(sinA).add(oddReA);
      oddImA = FUSED ? differenceIm.fma(sinA, oddImA) : differenceIm.mul(sinA).add(oddImA);
      oddReB = FUSED ? differenceRe.fma(sinB, oddReB) : differenceRe.mul(sinB).add(oddReB);
      oddImB = FUSED ? differenceIm.fma(sinB, oddImB) : differenceIm.mul(sinB).add(oddImB);
    }
    int to = s * WIDTH;
    evenReA.sub(oddImA).intoArray(out, o + a * to);
    evenImA.add(oddReA).intoArray(out, o + a * to + COUNT);
    evenReA.add(oddImA).intoArray(out, o + (radix - a) * to);
    evenImA.sub(oddReA).intoArray(out, o + (radix - a) * to + COUNT);
    evenReB.sub(oddImB).intoArray(out, o + b * to);
    evenImB.add(oddReB).intoArray(out, o + b * to + COUNT);
    evenReB.add(oddImB).intoArray(out, o + (radix - b) * to);
    evenImB.sub(oddReB).intoArray(out, o + (radix - b) * to + COUNT);
  }

  private void turn(float[] out, int o, int p) {
    int to = s * WIDTH;
    int w = 2 * (radix - 1) * p;
    int at = o;
    for (int k = 1; k < radix; k++) {
      at += to;
      FloatVector re = FloatVector.fromArray(SPECIES, out, at);
      FloatVector im = FloatVector.fromArray(SPECIES, out, at + COUNT);
      float wr = twiddles[w];
      float wi = twiddles[w + 1];
      re.mul(wr).sub(im.mul(wi)).intoArray(out, at);
      re.mul(wi).add(im.mul(wr)).intoArray(out, at + COUNT);
      w += 2;
    }
  }
}
