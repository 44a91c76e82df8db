package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import jdk.incubator.vector.FloatVector;

/** The joining pass of radix 2. */
final class Joining2Pass extends JoiningPass {
  Joining2Pass(int half) {
    super(2, half);
  }

  @Override
  void both(float[] in, int i, int j, float[] out, int o, int u, int p, int mirror) {
    int from = m * WIDTH;
    FloatVector l0r = FloatVector.fromArray(SPECIES, in, i);
    FloatVector l0i = FloatVector.fromArray(SPECIES, in, i + COUNT);
    FloatVector h0r = FloatVector.fromArray(SPECIES, in, j + from);
    FloatVector h0i = FloatVector.fromArray(SPECIES, in, j + from + COUNT);
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
    FloatVector b1r = s0r.add(t0r);
    FloatVector b1i = t0i.sub(s0i);
    FloatVector l1r = FloatVector.fromArray(SPECIES, in, j);
    FloatVector l1i = FloatVector.fromArray(SPECIES, in, j + COUNT);
    FloatVector h1r = FloatVector.fromArray(SPECIES, in, i + from);
    FloatVector h1i = FloatVector.fromArray(SPECIES, in, i + from + COUNT);
    float w1r = roots[2 * (m - p)];
    float w1i = roots[2 * (m - p) + 1];
    FloatVector s1r = l1r.add(h1r);
    FloatVector s1i = l1i.sub(h1i);
    FloatVector d1r = l1r.sub(h1r);
    FloatVector d1i = l1i.add(h1i);
    FloatVector t1r = d1r.mul(w1i).add(d1i.mul(w1r));
    FloatVector t1i = d1r.mul(w1r).sub(d1i.mul(w1i));
    FloatVector b0r = s1r.sub(t1r);
    FloatVector b0i = s1i.add(t1i);
    FloatVector a1r = s1r.add(t1r);
    FloatVector a1i = t1i.sub(s1i);
    FloatVector z0r = b0r.add(b1r);
    FloatVector z1r = b0r.sub(b1r);
    FloatVector z0i = b0i.add(b1i);
    FloatVector z1i = b0i.sub(b1i);
    z0r.intoArray(out, u);
    z0i.intoArray(out, u + COUNT);
    float zw1r = twiddles[2 * mirror];
    float zw1i = twiddles[2 * mirror + 1];
    z1r.mul(zw1r).sub(z1i.mul(zw1i)).intoArray(out, u + WIDTH);
    z1r.mul(zw1i).add(z1i.mul(zw1r)).intoArray(out, u + WIDTH + COUNT);
    FloatVector y0r = a0r.add(a1r);
    FloatVector y1r = a0r.sub(a1r);
    FloatVector y0i = a0i.add(a1i);
    FloatVector y1i = a0i.sub(a1i);
    y0r.intoArray(out, o);
    y0i.intoArray(out, o + COUNT);
    float yw1r = twiddles[2 * p];
    float yw1i = twiddles[2 * p + 1];
    y1r.mul(yw1r).sub(y1i.mul(yw1i)).intoArray(out, o + WIDTH);
    y1r.mul(yw1i).add(y1i.mul(yw1r)).intoArray(out, o + WIDTH + COUNT);
  }
}
