package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.internal.definition.RootsOfUnity;
import jdk.incubator.vector.FloatVector;

/** The pass of radix 5, by its symmetric and antisymmetric halves. */
final class Radix5Pass implements FftPass {
  private static final float COS1 = (float) RootsOfUnity.cosine(1, 5);
  private static final float SIN1 = (float) RootsOfUnity.sine(1, 5);
  private static final float COS2 = (float) RootsOfUnity.cosine(2, 5);
  private static final float SIN2 = (float) RootsOfUnity.sine(2, 5);

  private final int m;
  private final int s;
  private final float[] twiddles;

  Radix5Pass(int m, int s) {
    this.m = m;
    this.s = s;
    this.twiddles = FftPass.twiddles(5, m);
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
    FloatVector xr3 = FloatVector.fromArray(SPECIES, in, i + 3 * to);
    FloatVector xi3 = FloatVector.fromArray(SPECIES, in, i + 3 * to + COUNT);
    FloatVector xr4 = FloatVector.fromArray(SPECIES, in, i + 4 * to);
    FloatVector xi4 = FloatVector.fromArray(SPECIES, in, i + 4 * to + COUNT);
    FloatVector sr1 = xr1.add(xr4);
    FloatVector dr1 = xr1.sub(xr4);
    FloatVector si1 = xi1.add(xi4);
    FloatVector di1 = xi1.sub(xi4);
    FloatVector sr2 = xr2.add(xr3);
    FloatVector dr2 = xr2.sub(xr3);
    FloatVector si2 = xi2.add(xi3);
    FloatVector di2 = xi2.sub(xi3);
    FloatVector yr0 = xr0.add(sr1).add(sr2);
    FloatVector yi0 = xi0.add(si1).add(si2);
    FloatVector er1 = xr0.add(sr1.mul(COS1)).add(sr2.mul(COS2));
    FloatVector ei1 = xi0.add(si1.mul(COS1)).add(si2.mul(COS2));
    FloatVector or1 = dr1.mul(SIN1).add(dr2.mul(SIN2));
    FloatVector oi1 = di1.mul(SIN1).add(di2.mul(SIN2));
    FloatVector yr1 = er1.sub(oi1);
    FloatVector yi1 = ei1.add(or1);
    FloatVector yr4 = er1.add(oi1);
    FloatVector yi4 = ei1.sub(or1);
    FloatVector er2 = xr0.add(sr1.mul(COS2)).add(sr2.mul(COS1));
    FloatVector ei2 = xi0.add(si1.mul(COS2)).add(si2.mul(COS1));
    FloatVector or2 = dr1.mul(SIN2).sub(dr2.mul(SIN1));
    FloatVector oi2 = di1.mul(SIN2).sub(di2.mul(SIN1));
    FloatVector yr2 = er2.sub(oi2);
    FloatVector yi2 = ei2.add(or2);
    FloatVector yr3 = er2.add(oi2);
    FloatVector yi3 = ei2.sub(or2);
    yr0.intoArray(out, o);
    yi0.intoArray(out, o + COUNT);
    yr1.intoArray(out, o + to);
    yi1.intoArray(out, o + to + COUNT);
    yr2.intoArray(out, o + 2 * to);
    yi2.intoArray(out, o + 2 * to + COUNT);
    yr3.intoArray(out, o + 3 * to);
    yi3.intoArray(out, o + 3 * to + COUNT);
    yr4.intoArray(out, o + 4 * to);
    yi4.intoArray(out, o + 4 * to + COUNT);
  }

  private void others(float[] in, int inAt, float[] out, int outAt) {
    int from = m * s * WIDTH;
    int to = s * WIDTH;
    for (int p = 0; p < m; p++) {
      int inRow = inAt + p * to;
      int outRow = outAt + 5 * p * to;
      for (int q = 0; q < to; q += WIDTH) {
        turned(in, inRow + q, from, out, outRow + q, to, 8 * p);
      }
    }
  }

  private void turned(float[] in, int i, int from, float[] out, int o, int to, int w) {
    float wr1 = twiddles[w + 0];
    float wi1 = twiddles[w + 1];
    float wr2 = twiddles[w + 2];
    float wi2 = twiddles[w + 3];
    float wr3 = twiddles[w + 4];
    float wi3 = twiddles[w + 5];
    float wr4 = twiddles[w + 6];
    float wi4 = twiddles[w + 7];
    FloatVector xr0 = FloatVector.fromArray(SPECIES, in, i);
    FloatVector xi0 = FloatVector.fromArray(SPECIES, in, i + COUNT);
    FloatVector xr1 = FloatVector.fromArray(SPECIES, in, i + from);
    FloatVector xi1 = FloatVector.fromArray(SPECIES, in, i + from + COUNT);
    FloatVector xr2 = FloatVector.fromArray(SPECIES, in, i + 2 * from);
    FloatVector xi2 = FloatVector.fromArray(SPECIES, in, i + 2 * from + COUNT);
    FloatVector xr3 = FloatVector.fromArray(SPECIES, in, i + 3 * from);
    FloatVector xi3 = FloatVector.fromArray(SPECIES, in, i + 3 * from + COUNT);
    FloatVector xr4 = FloatVector.fromArray(SPECIES, in, i + 4 * from);
    FloatVector xi4 = FloatVector.fromArray(SPECIES, in, i + 4 * from + COUNT);
    FloatVector sr1 = xr1.add(xr4);
    FloatVector dr1 = xr1.sub(xr4);
    FloatVector si1 = xi1.add(xi4);
    FloatVector di1 = xi1.sub(xi4);
    FloatVector sr2 = xr2.add(xr3);
    FloatVector dr2 = xr2.sub(xr3);
    FloatVector si2 = xi2.add(xi3);
    FloatVector di2 = xi2.sub(xi3);
    FloatVector yr0 = xr0.add(sr1).add(sr2);
    FloatVector yi0 = xi0.add(si1).add(si2);
    FloatVector er1 = xr0.add(sr1.mul(COS1)).add(sr2.mul(COS2));
    FloatVector ei1 = xi0.add(si1.mul(COS1)).add(si2.mul(COS2));
    FloatVector or1 = dr1.mul(SIN1).add(dr2.mul(SIN2));
    FloatVector oi1 = di1.mul(SIN1).add(di2.mul(SIN2));
    FloatVector yr1 = er1.sub(oi1);
    FloatVector yi1 = ei1.add(or1);
    FloatVector yr4 = er1.add(oi1);
    FloatVector yi4 = ei1.sub(or1);
    FloatVector er2 = xr0.add(sr1.mul(COS2)).add(sr2.mul(COS1));
    FloatVector ei2 = xi0.add(si1.mul(COS2)).add(si2.mul(COS1));
    FloatVector or2 = dr1.mul(SIN2).sub(dr2.mul(SIN1));
    FloatVector oi2 = di1.mul(SIN2).sub(di2.mul(SIN1));
    FloatVector yr2 = er2.sub(oi2);
    FloatVector yi2 = ei2.add(or2);
    FloatVector yr3 = er2.add(oi2);
    FloatVector yi3 = ei2.sub(or2);
    yr0.intoArray(out, o);
    yi0.intoArray(out, o + COUNT);
    yr1.mul(wr1).sub(yi1.mul(wi1)).intoArray(out, o + to);
    yr1.mul(wi1).add(yi1.mul(wr1)).intoArray(out, o + to + COUNT);
    yr2.mul(wr2).sub(yi2.mul(wi2)).intoArray(out, o + 2 * to);
    yr2.mul(wi2).add(yi2.mul(wr2)).intoArray(out, o + 2 * to + COUNT);
    yr3.mul(wr3).sub(yi3.mul(wi3)).intoArray(out, o + 3 * to);
    yr3.mul(wi3).add(yi3.mul(wr3)).intoArray(out, o + 3 * to + COUNT);
    yr4.mul(wr4).sub(yi4.mul(wi4)).intoArray(out, o + 4 * to);
    yr4.mul(wi4).add(yi4.mul(wr4)).intoArray(out, o + 4 * to + COUNT);
  }
}
