package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.internal.definition.RootsOfUnity;
import jdk.incubator.vector.FloatVector;

/** The pass of radix 3, by its symmetric and antisymmetric halves. */
final class Radix3Pass implements FftPass {
  private static final float COS1 = (float) RootsOfUnity.cosine(1, 3);
  private static final float SIN1 = (float) RootsOfUnity.sine(1, 3);

  private final int m;
  private final int s;
  private final float[] twiddles;

  Radix3Pass(int m, int s) {
    this.m = m;
    this.s = s;
    this.twiddles = FftPass.twiddles(3, m);
  }

  @Override
  public void run(float[] in, int inAt, float[] out, int outAt, float[] scratch) {
    if (m == 1) {
      last(in, inAt, out, outAt);
    } else {
      others(in, inAt, out, outAt);
    }
  }

  /** The last pass has no twiddle factors. */
  private void last(float[] in, int inAt, float[] out, int outAt) {
    int to = s * WIDTH;
    for (int q = 0; q < to; q += WIDTH) {
      plain(in, inAt + q, out, outAt + q, to);
    }
  }

  private static void plain(float[] in, int i, float[] out, int o, int to) {
    FloatVector xr0 = FloatVector.fromArray(SPECIES, in, i);
    FloatVector xi0 = FloatVector.fromArray(SPECIES, in, i + COUNT);
    FloatVector xr1 = FloatVector.fromArray(SPECIES, in, i + to);
    FloatVector xi1 = FloatVector.fromArray(SPECIES, in, i + to + COUNT);
    FloatVector xr2 = FloatVector.fromArray(SPECIES, in, i + 2 * to);
    FloatVector xi2 = FloatVector.fromArray(SPECIES, in, i + 2 * to + COUNT);
    FloatVector sr1 = xr1.add(xr2);
    FloatVector dr1 = xr1.sub(xr2);
    FloatVector si1 = xi1.add(xi2);
    FloatVector di1 = xi1.sub(xi2);
    FloatVector yr0 = xr0.add(sr1);
    FloatVector yi0 = xi0.add(si1);
    FloatVector er1 = xr0.add(sr1.mul(COS1));
    FloatVector ei1 = xi0.add(si1.mul(COS1));
    FloatVector or1 = dr1.mul(SIN1);
    FloatVector oi1 = di1.mul(SIN1);
    FloatVector yr1 = er1.sub(oi1);
    FloatVector yi1 = ei1.add(or1);
    FloatVector yr2 = er1.add(oi1);
    FloatVector yi2 = ei1.sub(or1);
    yr0.intoArray(out, o);
    yi0.intoArray(out, o + COUNT);
    yr1.intoArray(out, o + to);
    yi1.intoArray(out, o + to + COUNT);
    yr2.intoArray(out, o + 2 * to);
    yi2.intoArray(out, o + 2 * to + COUNT);
  }

  private void others(float[] in, int inAt, float[] out, int outAt) {
    int from = m * s * WIDTH;
    int to = s * WIDTH;
    for (int p = 0; p < m; p++) {
      int inRow = inAt + p * to;
      int outRow = outAt + 3 * p * to;
      for (int q = 0; q < to; q += WIDTH) {
        turned(in, inRow + q, from, out, outRow + q, to, 4 * p);
      }
    }
  }

  private void turned(float[] in, int i, int from, float[] out, int o, int to, int w) {
    float wr1 = twiddles[w + 0];
    float wi1 = twiddles[w + 1];
    float wr2 = twiddles[w + 2];
    float wi2 = twiddles[w + 3];
    FloatVector xr0 = FloatVector.fromArray(SPECIES, in, i);
    FloatVector xi0 = FloatVector.fromArray(SPECIES, in, i + COUNT);
    FloatVector xr1 = FloatVector.fromArray(SPECIES, in, i + from);
    FloatVector xi1 = FloatVector.fromArray(SPECIES, in, i + from + COUNT);
    FloatVector xr2 = FloatVector.fromArray(SPECIES, in, i + 2 * from);
    FloatVector xi2 = FloatVector.fromArray(SPECIES, in, i + 2 * from + COUNT);
    FloatVector sr1 = xr1.add(xr2);
    FloatVector dr1 = xr1.sub(xr2);
    FloatVector si1 = xi1.add(xi2);
    FloatVector di1 = xi1.sub(xi2);
    FloatVector yr0 = xr0.add(sr1);
    FloatVector yi0 = xi0.add(si1);
    FloatVector er1 = xr0.add(sr1.mul(COS1));
    FloatVector ei1 = xi0.add(si1.mul(COS1));
    FloatVector or1 = dr1.mul(SIN1);
    FloatVector oi1 = di1.mul(SIN1);
    FloatVector yr1 = er1.sub(oi1);
    FloatVector yi1 = ei1.add(or1);
    FloatVector yr2 = er1.add(oi1);
    FloatVector yi2 = ei1.sub(or1);
    yr0.intoArray(out, o);
    yi0.intoArray(out, o + COUNT);
    yr1.mul(wr1).sub(yi1.mul(wi1)).intoArray(out, o + to);
    yr1.mul(wi1).add(yi1.mul(wr1)).intoArray(out, o + to + COUNT);
    yr2.mul(wr2).sub(yi2.mul(wi2)).intoArray(out, o + 2 * to);
    yr2.mul(wi2).add(yi2.mul(wr2)).intoArray(out, o + 2 * to + COUNT);
  }
}
