package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import jdk.incubator.vector.FloatVector;

/** The separating pass of radix 2. */
final class Separating2Pass extends SeparatingPass {
  Separating2Pass(int half) {
    super(2, half);
  }

  @Override
  void turn(float[] in, int inAt, float[] out, int outAt) {
    int apart = s * WIDTH;
    for (int l = 0; l < COUNT; l++) {
      int i = inAt + l;
      int o = outAt + l;
      out[o] = in[i];
      out[o + COUNT] = in[i + COUNT];
      out[o + apart] = -in[i + apart];
      out[o + apart + COUNT] = -in[i + apart + COUNT];
    }
  }

  @Override
  void both(float[] in, int i, float[] other, int j, float[] out, int o, int u, int q) {
    int apart = s * WIDTH;
    FloatVector a0r = FloatVector.fromArray(SPECIES, in, i);
    FloatVector a0i = FloatVector.fromArray(SPECIES, in, i + COUNT);
    FloatVector a1r = FloatVector.fromArray(SPECIES, in, i + apart);
    FloatVector a1i = FloatVector.fromArray(SPECIES, in, i + apart + COUNT);
    FloatVector y0r = a0r.add(a1r);
    FloatVector y1r = a0r.sub(a1r);
    FloatVector y0i = a0i.add(a1i);
    FloatVector y1i = a0i.sub(a1i);
    FloatVector b0r = FloatVector.fromArray(SPECIES, other, j);
    FloatVector b0i = FloatVector.fromArray(SPECIES, other, j + COUNT);
    FloatVector b1r = FloatVector.fromArray(SPECIES, other, j + apart);
    FloatVector b1i = FloatVector.fromArray(SPECIES, other, j + apart + COUNT);
    FloatVector z0r = b0r.add(b1r);
    FloatVector z1r = b0r.sub(b1r);
    FloatVector z0i = b0i.add(b1i);
    FloatVector z1i = b0i.sub(b1i);
    float w0r = roots[2 * q];
    float w0i = roots[2 * q + 1];
    FloatVector s0r = y0r.add(z1r).mul(0.5f);
    FloatVector s0i = y0i.sub(z1i).mul(0.5f);
    FloatVector d0r = y0r.sub(z1r);
    FloatVector d0i = y0i.add(z1i);
    FloatVector t0r = d0r.mul(w0i).add(d0i.mul(w0r));
    FloatVector t0i = d0r.mul(w0r).sub(d0i.mul(w0i));
    s0r.sub(t0r).intoArray(out, u + apart);
    s0i.add(t0i).neg().intoArray(out, u + apart + COUNT);
    s0r.add(t0r).intoArray(out, o);
    s0i.sub(t0i).intoArray(out, o + COUNT);
    float w1r = roots[2 * (s - q)];
    float w1i = roots[2 * (s - q) + 1];
    FloatVector s1r = z0r.add(y1r).mul(0.5f);
    FloatVector s1i = z0i.sub(y1i).mul(0.5f);
    FloatVector d1r = z0r.sub(y1r);
    FloatVector d1i = z0i.add(y1i);
    FloatVector t1r = d1r.mul(w1i).add(d1i.mul(w1r));
    FloatVector t1i = d1r.mul(w1r).sub(d1i.mul(w1i));
    s1r.sub(t1r).intoArray(out, o + apart);
    s1i.add(t1i).neg().intoArray(out, o + apart + COUNT);
    s1r.add(t1r).intoArray(out, u);
    s1i.sub(t1i).intoArray(out, u + COUNT);
  }
}
