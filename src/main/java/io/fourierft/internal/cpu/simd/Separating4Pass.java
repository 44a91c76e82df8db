package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import jdk.incubator.vector.FloatVector;

/** The separating pass of radix 4. */
final class Separating4Pass extends SeparatingPass {
  Separating4Pass(int half) {
    super(4, half);
  }

  @Override
  void turn(float[] in, int inAt, float[] out, int outAt) {
    int apart = s * WIDTH;
    for (int l = 0; l < COUNT; l++) {
      int i = inAt + l;
      int o = outAt + l;
      out[o] = in[i];
      out[o + COUNT] = in[i + COUNT];
      out[o + apart] = -in[i + apart + COUNT];
      out[o + apart + COUNT] = in[i + apart];
      out[o + 2 * apart] = -in[i + 2 * apart];
      out[o + 2 * apart + COUNT] = -in[i + 2 * apart + COUNT];
      out[o + 3 * apart] = in[i + 3 * apart + COUNT];
      out[o + 3 * apart + COUNT] = -in[i + 3 * apart];
    }
  }

  @Override
  void both(float[] in, int i, float[] other, int j, float[] out, int o, int u, int q) {
    int apart = s * WIDTH;
    FloatVector a0r = FloatVector.fromArray(SPECIES, in, i);
    FloatVector a0i = FloatVector.fromArray(SPECIES, in, i + COUNT);
    FloatVector a1r = FloatVector.fromArray(SPECIES, in, i + apart);
    FloatVector a1i = FloatVector.fromArray(SPECIES, in, i + apart + COUNT);
    FloatVector a2r = FloatVector.fromArray(SPECIES, in, i + 2 * apart);
    FloatVector a2i = FloatVector.fromArray(SPECIES, in, i + 2 * apart + COUNT);
    FloatVector a3r = FloatVector.fromArray(SPECIES, in, i + 3 * apart);
    FloatVector a3i = FloatVector.fromArray(SPECIES, in, i + 3 * apart + COUNT);
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
    FloatVector b0r = FloatVector.fromArray(SPECIES, other, j);
    FloatVector b0i = FloatVector.fromArray(SPECIES, other, j + COUNT);
    FloatVector b1r = FloatVector.fromArray(SPECIES, other, j + apart);
    FloatVector b1i = FloatVector.fromArray(SPECIES, other, j + apart + COUNT);
    FloatVector b2r = FloatVector.fromArray(SPECIES, other, j + 2 * apart);
    FloatVector b2i = FloatVector.fromArray(SPECIES, other, j + 2 * apart + COUNT);
    FloatVector b3r = FloatVector.fromArray(SPECIES, other, j + 3 * apart);
    FloatVector b3i = FloatVector.fromArray(SPECIES, other, j + 3 * apart + COUNT);
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
    float w0r = roots[2 * q];
    float w0i = roots[2 * q + 1];
    FloatVector s0r = y0r.add(z3r).mul(0.5f);
    FloatVector s0i = y0i.sub(z3i).mul(0.5f);
    FloatVector d0r = y0r.sub(z3r);
    FloatVector d0i = y0i.add(z3i);
    FloatVector t0r = d0r.mul(w0i).add(d0i.mul(w0r));
    FloatVector t0i = d0r.mul(w0r).sub(d0i.mul(w0i));
    s0r.sub(t0r).intoArray(out, u + 3 * apart);
    s0i.add(t0i).neg().intoArray(out, u + 3 * apart + COUNT);
    s0r.add(t0r).intoArray(out, o);
    s0i.sub(t0i).intoArray(out, o + COUNT);
    float w1r = roots[2 * (s + q)];
    float w1i = roots[2 * (s + q) + 1];
    FloatVector s1r = y1r.add(z2r).mul(0.5f);
    FloatVector s1i = y1i.sub(z2i).mul(0.5f);
    FloatVector d1r = y1r.sub(z2r);
    FloatVector d1i = y1i.add(z2i);
    FloatVector t1r = d1r.mul(w1i).add(d1i.mul(w1r));
    FloatVector t1i = d1r.mul(w1r).sub(d1i.mul(w1i));
    s1r.sub(t1r).intoArray(out, u + 2 * apart);
    s1i.add(t1i).neg().intoArray(out, u + 2 * apart + COUNT);
    s1r.add(t1r).intoArray(out, o + apart);
    s1i.sub(t1i).intoArray(out, o + apart + COUNT);
    float w2r = roots[2 * (2 * s - q)];
    float w2i = roots[2 * (2 * s - q) + 1];
    FloatVector s2r = z1r.add(y2r).mul(0.5f);
    FloatVector s2i = z1i.sub(y2i).mul(0.5f);
    FloatVector d2r = z1r.sub(y2r);
    FloatVector d2i = z1i.add(y2i);
    FloatVector t2r = d2r.mul(w2i).add(d2i.mul(w2r));
    FloatVector t2i = d2r.mul(w2r).sub(d2i.mul(w2i));
    s2r.sub(t2r).intoArray(out, o + 2 * apart);
    s2i.add(t2i).neg().intoArray(out, o + 2 * apart + COUNT);
    s2r.add(t2r).intoArray(out, u + apart);
    s2i.sub(t2i).intoArray(out, u + apart + COUNT);
    float w3r = roots[2 * (s - q)];
    float w3i = roots[2 * (s - q) + 1];
    FloatVector s3r = z0r.add(y3r).mul(0.5f);
    FloatVector s3i = z0i.sub(y3i).mul(0.5f);
    FloatVector d3r = z0r.sub(y3r);
    FloatVector d3i = z0i.add(y3i);
    FloatVector t3r = d3r.mul(w3i).add(d3i.mul(w3r));
    FloatVector t3i = d3r.mul(w3r).sub(d3i.mul(w3i));
    s3r.sub(t3r).intoArray(out, o + 3 * apart);
    s3i.add(t3i).neg().intoArray(out, o + 3 * apart + COUNT);
    s3r.add(t3r).intoArray(out, u);
    s3i.sub(t3i).intoArray(out, u + COUNT);
  }
}
