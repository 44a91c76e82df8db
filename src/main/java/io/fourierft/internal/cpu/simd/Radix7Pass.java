package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.internal.definition.RootsOfUnity;
import jdk.incubator.vector.FloatVector;

/** The pass of radix 7, by its symmetric and antisymmetric halves. */
final class Radix7Pass implements FftPass {
  private static final float COS1 = (float) RootsOfUnity.cosine(1, 7);
  private static final float SIN1 = (float) RootsOfUnity.sine(1, 7);
  private static final float COS2 = (float) RootsOfUnity.cosine(2, 7);
  private static final float SIN2 = (float) RootsOfUnity.sine(2, 7);
  private static final float COS3 = (float) RootsOfUnity.cosine(3, 7);
  private static final float SIN3 = (float) RootsOfUnity.sine(3, 7);

  private final int m;
  private final int s;
  private final float[] twiddles;

  Radix7Pass(int m, int s) {
    this.m = m;
    this.s = s;
    this.twiddles = FftPass.twiddles(7, m);
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
    FloatVector xr5 = FloatVector.fromArray(SPECIES, in, i + 5 * to);
    FloatVector xi5 = FloatVector.fromArray(SPECIES, in, i + 5 * to + COUNT);
    FloatVector xr6 = FloatVector.fromArray(SPECIES, in, i + 6 * to);
    FloatVector xi6 = FloatVector.fromArray(SPECIES, in, i + 6 * to + COUNT);
    FloatVector sr1 = xr1.add(xr6);
    FloatVector dr1 = xr1.sub(xr6);
    FloatVector si1 = xi1.add(xi6);
    FloatVector di1 = xi1.sub(xi6);
    FloatVector sr2 = xr2.add(xr5);
    FloatVector dr2 = xr2.sub(xr5);
    FloatVector si2 = xi2.add(xi5);
    FloatVector di2 = xi2.sub(xi5);
    FloatVector sr3 = xr3.add(xr4);
    FloatVector dr3 = xr3.sub(xr4);
    FloatVector si3 = xi3.add(xi4);
    FloatVector di3 = xi3.sub(xi4);
    FloatVector yr0 = xr0.add(sr1).add(sr2).add(sr3);
    FloatVector yi0 = xi0.add(si1).add(si2).add(si3);
    FloatVector er1 = xr0.add(sr1.mul(COS1)).add(sr2.mul(COS2)).add(sr3.mul(COS3));
    FloatVector ei1 = xi0.add(si1.mul(COS1)).add(si2.mul(COS2)).add(si3.mul(COS3));
    FloatVector or1 = dr1.mul(SIN1).add(dr2.mul(SIN2)).add(dr3.mul(SIN3));
    FloatVector oi1 = di1.mul(SIN1).add(di2.mul(SIN2)).add(di3.mul(SIN3));
    FloatVector yr1 = er1.sub(oi1);
    FloatVector yi1 = ei1.add(or1);
    FloatVector yr6 = er1.add(oi1);
    FloatVector yi6 = ei1.sub(or1);
    FloatVector er2 = xr0.add(sr1.mul(COS2)).add(sr2.mul(COS3)).add(sr3.mul(COS1));
    FloatVector ei2 = xi0.add(si1.mul(COS2)).add(si2.mul(COS3)).add(si3.mul(COS1));
    FloatVector or2 = dr1.mul(SIN2).sub(dr2.mul(SIN3)).sub(dr3.mul(SIN1));
    FloatVector oi2 = di1.mul(SIN2).sub(di2.mul(SIN3)).sub(di3.mul(SIN1));
    FloatVector yr2 = er2.sub(oi2);
    FloatVector yi2 = ei2.add(or2);
    FloatVector yr5 = er2.add(oi2);
    FloatVector yi5 = ei2.sub(or2);
    FloatVector er3 = xr0.add(sr1.mul(COS3)).add(sr2.mul(COS1)).add(sr3.mul(COS2));
    FloatVector ei3 = xi0.add(si1.mul(COS3)).add(si2.mul(COS1)).add(si3.mul(COS2));
    FloatVector or3 = dr1.mul(SIN3).sub(dr2.mul(SIN1)).add(dr3.mul(SIN2));
    FloatVector oi3 = di1.mul(SIN3).sub(di2.mul(SIN1)).add(di3.mul(SIN2));
    FloatVector yr3 = er3.sub(oi3);
    FloatVector yi3 = ei3.add(or3);
    FloatVector yr4 = er3.add(oi3);
    FloatVector yi4 = ei3.sub(or3);
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
    yr5.intoArray(out, o + 5 * to);
    yi5.intoArray(out, o + 5 * to + COUNT);
    yr6.intoArray(out, o + 6 * to);
    yi6.intoArray(out, o + 6 * to + COUNT);
  }

  private void others(float[] in, int inAt, float[] out, int outAt) {
    int from = m * s * WIDTH;
    int to = s * WIDTH;
    for (int p = 0; p < m; p++) {
      int inRow = inAt + p * to;
      int outRow = outAt + 7 * p * to;
      for (int q = 0; q < to; q += WIDTH) {
        turned(in, inRow + q, from, out, outRow + q, to, 12 * p);
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
    float wr5 = twiddles[w + 8];
    float wi5 = twiddles[w + 9];
    float wr6 = twiddles[w + 10];
    float wi6 = twiddles[w + 11];
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
    FloatVector xr5 = FloatVector.fromArray(SPECIES, in, i + 5 * from);
    FloatVector xi5 = FloatVector.fromArray(SPECIES, in, i + 5 * from + COUNT);
    FloatVector xr6 = FloatVector.fromArray(SPECIES, in, i + 6 * from);
    FloatVector xi6 = FloatVector.fromArray(SPECIES, in, i + 6 * from + COUNT);
    FloatVector sr1 = xr1.add(xr6);
    FloatVector dr1 = xr1.sub(xr6);
    FloatVector si1 = xi1.add(xi6);
    FloatVector di1 = xi1.sub(xi6);
    FloatVector sr2 = xr2.add(xr5);
    FloatVector dr2 = xr2.sub(xr5);
    FloatVector si2 = xi2.add(xi5);
    FloatVector di2 = xi2.sub(xi5);
    FloatVector sr3 = xr3.add(xr4);
    FloatVector dr3 = xr3.sub(xr4);
    FloatVector si3 = xi3.add(xi4);
    FloatVector di3 = xi3.sub(xi4);
    FloatVector yr0 = xr0.add(sr1).add(sr2).add(sr3);
    FloatVector yi0 = xi0.add(si1).add(si2).add(si3);
    FloatVector er1 = xr0.add(sr1.mul(COS1)).add(sr2.mul(COS2)).add(sr3.mul(COS3));
    FloatVector ei1 = xi0.add(si1.mul(COS1)).add(si2.mul(COS2)).add(si3.mul(COS3));
    FloatVector or1 = dr1.mul(SIN1).add(dr2.mul(SIN2)).add(dr3.mul(SIN3));
    FloatVector oi1 = di1.mul(SIN1).add(di2.mul(SIN2)).add(di3.mul(SIN3));
    FloatVector yr1 = er1.sub(oi1);
    FloatVector yi1 = ei1.add(or1);
    FloatVector yr6 = er1.add(oi1);
    FloatVector yi6 = ei1.sub(or1);
    FloatVector er2 = xr0.add(sr1.mul(COS2)).add(sr2.mul(COS3)).add(sr3.mul(COS1));
    FloatVector ei2 = xi0.add(si1.mul(COS2)).add(si2.mul(COS3)).add(si3.mul(COS1));
    FloatVector or2 = dr1.mul(SIN2).sub(dr2.mul(SIN3)).sub(dr3.mul(SIN1));
    FloatVector oi2 = di1.mul(SIN2).sub(di2.mul(SIN3)).sub(di3.mul(SIN1));
    FloatVector yr2 = er2.sub(oi2);
    FloatVector yi2 = ei2.add(or2);
    FloatVector yr5 = er2.add(oi2);
    FloatVector yi5 = ei2.sub(or2);
    FloatVector er3 = xr0.add(sr1.mul(COS3)).add(sr2.mul(COS1)).add(sr3.mul(COS2));
    FloatVector ei3 = xi0.add(si1.mul(COS3)).add(si2.mul(COS1)).add(si3.mul(COS2));
    FloatVector or3 = dr1.mul(SIN3).sub(dr2.mul(SIN1)).add(dr3.mul(SIN2));
    FloatVector oi3 = di1.mul(SIN3).sub(di2.mul(SIN1)).add(di3.mul(SIN2));
    FloatVector yr3 = er3.sub(oi3);
    FloatVector yi3 = ei3.add(or3);
    FloatVector yr4 = er3.add(oi3);
    FloatVector yi4 = ei3.sub(or3);
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
    yr5.mul(wr5).sub(yi5.mul(wi5)).intoArray(out, o + 5 * to);
    yr5.mul(wi5).add(yi5.mul(wr5)).intoArray(out, o + 5 * to + COUNT);
    yr6.mul(wr6).sub(yi6.mul(wi6)).intoArray(out, o + 6 * to);
    yr6.mul(wi6).add(yi6.mul(wr6)).intoArray(out, o + 6 * to + COUNT);
  }
}
