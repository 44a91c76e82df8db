package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The first pass of an inverse real transform of even length, of radix 4, and before it, in the
 * same registers, the step from the half spectrum X to the transform Z of the packed numbers. That
 * step combines elements v and half − v, which the butterflies p and m − p read: two of them are
 * done at a time. Immutable.
 */
final class Joining4Pass implements RealPass {
  private final int m;
  private final float[] twiddles;
  private final float[] roots;

  /** A pass for half the real length, a multiple of 4. */
  Joining4Pass(int half) {
    this.m = half / 4;
    this.twiddles = FftPass.twiddles(4, m);
    this.roots = RealLaneFft.quarter(2 * half);
  }

  /**
   * From the half spectrum to sub-transforms that stand 4 elements apart.
   *
   * @param in {@code half + 1} elements; the imaginary parts of the first and the last become zero
   * @param out {@code half} elements
   */
  @Override
  public void run(float[] in, int inAt, float[] out, int outAt) {
    int end = inAt + 4 * m * WIDTH;
    Arrays.fill(in, inAt + COUNT, inAt + WIDTH, 0f);
    Arrays.fill(in, end + COUNT, end + WIDTH, 0f);
    for (int p = 0; 2 * p <= m; p++) {
      // Beside p = 0 there is no butterfly: what is written for it is overwritten at once.
      int mirror = p == 0 ? 0 : m - p;
      int low = outAt + 4 * p * WIDTH;
      int high = outAt + 4 * mirror * WIDTH;
      both(in, inAt + p * WIDTH, inAt + (m - p) * WIDTH, out, low, high, p, mirror);
    }
  }

  /** Butterfly {@code mirror}, from the elements at j to those at u, then p, from i to o. */
  private void both(float[] in, int i, int j, float[] out, int o, int u, int p, int mirror) {
    int from = m * WIDTH;
    FloatVector l0r = FloatVector.fromArray(SPECIES, in, i);
    FloatVector l0i = FloatVector.fromArray(SPECIES, in, i + COUNT);
    FloatVector h0r = FloatVector.fromArray(SPECIES, in, j + 3 * from);
    FloatVector h0i = FloatVector.fromArray(SPECIES, in, j + 3 * from + COUNT);
    float w0r = roots[2 * p];
    float w0i = roots[2 * p + 1];
    FloatVector s0r = l0r.add(h0r);
    FloatVector s0i = l0i.sub(h0i);
    FloatVector d0r = l0r.sub(h0r);
    FloatVector d0i = l0i.add(h0i);
    FloatVector t0r = d0r.mul(w0i).add(d0i.mul(w0r));
    FloatVector t0i = d0r.mul(w0r).sub(d0i.mul(w0i));
    FloatVector a0r = s0r.sub(t0r);
    FloatVector a0i = s0i.add(t0i);
    FloatVector b3r = s0r.add(t0r);
    FloatVector b3i = t0i.sub(s0i);
    FloatVector l1r = FloatVector.fromArray(SPECIES, in, i + from);
    FloatVector l1i = FloatVector.fromArray(SPECIES, in, i + from + COUNT);
    FloatVector h1r = FloatVector.fromArray(SPECIES, in, j + 2 * from);
    FloatVector h1i = FloatVector.fromArray(SPECIES, in, j + 2 * from + COUNT);
    float w1r = roots[2 * (m + p)];
    float w1i = roots[2 * (m + p) + 1];
    FloatVector s1r = l1r.add(h1r);
    FloatVector s1i = l1i.sub(h1i);
    FloatVector d1r = l1r.sub(h1r);
    FloatVector d1i = l1i.add(h1i);
    FloatVector t1r = d1r.mul(w1i).add(d1i.mul(w1r));
    FloatVector t1i = d1r.mul(w1r).sub(d1i.mul(w1i));
    FloatVector a1r = s1r.sub(t1r);
    FloatVector a1i = s1i.add(t1i);
    FloatVector b2r = s1r.add(t1r);
    FloatVector b2i = t1i.sub(s1i);
    FloatVector l2r = FloatVector.fromArray(SPECIES, in, j + from);
    FloatVector l2i = FloatVector.fromArray(SPECIES, in, j + from + COUNT);
    FloatVector h2r = FloatVector.fromArray(SPECIES, in, i + 2 * from);
    FloatVector h2i = FloatVector.fromArray(SPECIES, in, i + 2 * from + COUNT);
    float w2r = roots[2 * (2 * m - p)];
    float w2i = roots[2 * (2 * m - p) + 1];
    FloatVector s2r = l2r.add(h2r);
    FloatVector s2i = l2i.sub(h2i);
    FloatVector d2r = l2r.sub(h2r);
    FloatVector d2i = l2i.add(h2i);
    FloatVector t2r = d2r.mul(w2i).add(d2i.mul(w2r));
    FloatVector t2i = d2r.mul(w2r).sub(d2i.mul(w2i));
    FloatVector b1r = s2r.sub(t2r);
    FloatVector b1i = s2i.add(t2i);
    FloatVector a2r = s2r.add(t2r);
    FloatVector a2i = t2i.sub(s2i);
    FloatVector l3r = FloatVector.fromArray(SPECIES, in, j);
    FloatVector l3i = FloatVector.fromArray(SPECIES, in, j + COUNT);
    FloatVector h3r = FloatVector.fromArray(SPECIES, in, i + 3 * from);
    FloatVector h3i = FloatVector.fromArray(SPECIES, in, i + 3 * from + COUNT);
    float w3r = roots[2 * (m - p)];
    float w3i = roots[2 * (m - p) + 1];
    FloatVector s3r = l3r.add(h3r);
    FloatVector s3i = l3i.sub(h3i);
    FloatVector d3r = l3r.sub(h3r);
    FloatVector d3i = l3i.add(h3i);
    FloatVector t3r = d3r.mul(w3i).add(d3i.mul(w3r));
    FloatVector t3i = d3r.mul(w3r).sub(d3i.mul(w3i));
    FloatVector b0r = s3r.sub(t3r);
    FloatVector b0i = s3i.add(t3i);
    FloatVector a3r = s3r.add(t3r);
    FloatVector a3i = t3i.sub(s3i);
    FloatVector zar = b0r.add(b2r);
    FloatVector zbr = b0r.sub(b2r);
    FloatVector zcr = b1r.add(b3r);
    FloatVector zdr = b1r.sub(b3r);
    FloatVector zai = b0i.add(b2i);
    FloatVector zbi = b0i.sub(b2i);
    FloatVector zci = b1i.add(b3i);
    FloatVector zdi = b1i.sub(b3i);
    FloatVector z0r = zar.add(zcr);
    FloatVector z2r = zar.sub(zcr);
    FloatVector z0i = zai.add(zci);
    FloatVector z2i = zai.sub(zci);
    FloatVector z1r = zbr.sub(zdi);
    FloatVector z1i = zbi.add(zdr);
    FloatVector z3r = zbr.add(zdi);
    FloatVector z3i = zbi.sub(zdr);
    z0r.intoArray(out, u);
    z0i.intoArray(out, u + COUNT);
    float zw1r = twiddles[6 * mirror];
    float zw1i = twiddles[6 * mirror + 1];
    z1r.mul(zw1r).sub(z1i.mul(zw1i)).intoArray(out, u + WIDTH);
    z1r.mul(zw1i).add(z1i.mul(zw1r)).intoArray(out, u + WIDTH + COUNT);
    float zw2r = twiddles[6 * mirror + 2];
    float zw2i = twiddles[6 * mirror + 3];
    z2r.mul(zw2r).sub(z2i.mul(zw2i)).intoArray(out, u + 2 * WIDTH);
    z2r.mul(zw2i).add(z2i.mul(zw2r)).intoArray(out, u + 2 * WIDTH + COUNT);
    float zw3r = twiddles[6 * mirror + 4];
    float zw3i = twiddles[6 * mirror + 5];
    z3r.mul(zw3r).sub(z3i.mul(zw3i)).intoArray(out, u + 3 * WIDTH);
    z3r.mul(zw3i).add(z3i.mul(zw3r)).intoArray(out, u + 3 * WIDTH + COUNT);
    FloatVector yar = a0r.add(a2r);
    FloatVector ybr = a0r.sub(a2r);
    FloatVector ycr = a1r.add(a3r);
    FloatVector ydr = a1r.sub(a3r);
    FloatVector yai = a0i.add(a2i);
    FloatVector ybi = a0i.sub(a2i);
    FloatVector yci = a1i.add(a3i);
    FloatVector ydi = a1i.sub(a3i);
    FloatVector y0r = yar.add(ycr);
    FloatVector y2r = yar.sub(ycr);
    FloatVector y0i = yai.add(yci);
    FloatVector y2i = yai.sub(yci);
    FloatVector y1r = ybr.sub(ydi);
    FloatVector y1i = ybi.add(ydr);
    FloatVector y3r = ybr.add(ydi);
    FloatVector y3i = ybi.sub(ydr);
    y0r.intoArray(out, o);
    y0i.intoArray(out, o + COUNT);
    float yw1r = twiddles[6 * p];
    float yw1i = twiddles[6 * p + 1];
    y1r.mul(yw1r).sub(y1i.mul(yw1i)).intoArray(out, o + WIDTH);
    y1r.mul(yw1i).add(y1i.mul(yw1r)).intoArray(out, o + WIDTH + COUNT);
    float yw2r = twiddles[6 * p + 2];
    float yw2i = twiddles[6 * p + 3];
    y2r.mul(yw2r).sub(y2i.mul(yw2i)).intoArray(out, o + 2 * WIDTH);
    y2r.mul(yw2i).add(y2i.mul(yw2r)).intoArray(out, o + 2 * WIDTH + COUNT);
    float yw3r = twiddles[6 * p + 4];
    float yw3i = twiddles[6 * p + 5];
    y3r.mul(yw3r).sub(y3i.mul(yw3i)).intoArray(out, o + 3 * WIDTH);
    y3r.mul(yw3i).add(y3i.mul(yw3r)).intoArray(out, o + 3 * WIDTH + COUNT);
  }
}
