package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import jdk.incubator.vector.FloatVector;

/** The pass of radix 8. */
final class Radix8Pass implements FftPass {
  private static final float HALF_ROOT = (float) Math.sqrt(0.5);

  private final int m;
  private final int s;
  private final float[] twiddles;

  Radix8Pass(int m, int s) {
    this.m = m;
    this.s = s;
    this.twiddles = FftPass.twiddles(8, m);
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
    FloatVector xr7 = FloatVector.fromArray(SPECIES, in, i + 7 * to);
    FloatVector xi7 = FloatVector.fromArray(SPECIES, in, i + 7 * to + COUNT);
    FloatVector ear = xr0.add(xr4);
    FloatVector ebr = xr0.sub(xr4);
    FloatVector ecr = xr2.add(xr6);
    FloatVector edr = xr2.sub(xr6);
    FloatVector eai = xi0.add(xi4);
    FloatVector ebi = xi0.sub(xi4);
    FloatVector eci = xi2.add(xi6);
    FloatVector edi = xi2.sub(xi6);
    FloatVector er0 = ear.add(ecr);
    FloatVector er2 = ear.sub(ecr);
    FloatVector ei0 = eai.add(eci);
    FloatVector ei2 = eai.sub(eci);
    FloatVector er1 = ebr.sub(edi);
    FloatVector ei1 = ebi.add(edr);
    FloatVector er3 = ebr.add(edi);
    FloatVector ei3 = ebi.sub(edr);
    FloatVector oar = xr1.add(xr5);
    FloatVector obr = xr1.sub(xr5);
    FloatVector ocr = xr3.add(xr7);
    FloatVector odr = xr3.sub(xr7);
    FloatVector oai = xi1.add(xi5);
    FloatVector obi = xi1.sub(xi5);
    FloatVector oci = xi3.add(xi7);
    FloatVector odi = xi3.sub(xi7);
    FloatVector or0 = oar.add(ocr);
    FloatVector or2 = oar.sub(ocr);
    FloatVector oi0 = oai.add(oci);
    FloatVector oi2 = oai.sub(oci);
    FloatVector or1 = obr.sub(odi);
    FloatVector oi1 = obi.add(odr);
    FloatVector or3 = obr.add(odi);
    FloatVector oi3 = obi.sub(odr);
    FloatVector fr1 = or1.sub(oi1).mul(HALF_ROOT);
    FloatVector fi1 = or1.add(oi1).mul(HALF_ROOT);
    FloatVector fr3 = or3.add(oi3).mul(HALF_ROOT);
    FloatVector fi3 = or3.sub(oi3).mul(HALF_ROOT);
    FloatVector yr0 = er0.add(or0);
    FloatVector yi0 = ei0.add(oi0);
    FloatVector yr4 = er0.sub(or0);
    FloatVector yi4 = ei0.sub(oi0);
    FloatVector yr1 = er1.add(fr1);
    FloatVector yi1 = ei1.add(fi1);
    FloatVector yr5 = er1.sub(fr1);
    FloatVector yi5 = ei1.sub(fi1);
    FloatVector yr2 = er2.sub(oi2);
    FloatVector yi2 = ei2.add(or2);
    FloatVector yr6 = er2.add(oi2);
    FloatVector yi6 = ei2.sub(or2);
    FloatVector yr3 = er3.sub(fr3);
    FloatVector yi3 = ei3.add(fi3);
    FloatVector yr7 = er3.add(fr3);
    FloatVector yi7 = ei3.sub(fi3);
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
    yr7.intoArray(out, o + 7 * to);
    yi7.intoArray(out, o + 7 * to + COUNT);
  }

  private void others(float[] in, int inAt, float[] out, int outAt) {
    int from = m * s * WIDTH;
    int to = s * WIDTH;
    for (int p = 0; p < m; p++) {
      int inRow = inAt + p * to;
      int outRow = outAt + 8 * p * to;
      for (int q = 0; q < to; q += WIDTH) {
        turned(in, inRow + q, from, out, outRow + q, to, 14 * p);
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
    float wr7 = twiddles[w + 12];
    float wi7 = twiddles[w + 13];
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
    FloatVector xr7 = FloatVector.fromArray(SPECIES, in, i + 7 * from);
    FloatVector xi7 = FloatVector.fromArray(SPECIES, in, i + 7 * from + COUNT);
    FloatVector ear = xr0.add(xr4);
    FloatVector ebr = xr0.sub(xr4);
    FloatVector ecr = xr2.add(xr6);
    FloatVector edr = xr2.sub(xr6);
    FloatVector eai = xi0.add(xi4);
    FloatVector ebi = xi0.sub(xi4);
    FloatVector eci = xi2.add(xi6);
    FloatVector edi = xi2.sub(xi6);
    FloatVector er0 = ear.add(ecr);
    FloatVector er2 = ear.sub(ecr);
    FloatVector ei0 = eai.add(eci);
    FloatVector ei2 = eai.sub(eci);
    FloatVector er1 = ebr.sub(edi);
    FloatVector ei1 = ebi.add(edr);
    FloatVector er3 = ebr.add(edi);
    FloatVector ei3 = ebi.sub(edr);
    FloatVector oar = xr1.add(xr5);
    FloatVector obr = xr1.sub(xr5);
    FloatVector ocr = xr3.add(xr7);
    FloatVector odr = xr3.sub(xr7);
    FloatVector oai = xi1.add(xi5);
    FloatVector obi = xi1.sub(xi5);
    FloatVector oci = xi3.add(xi7);
    FloatVector odi = xi3.sub(xi7);
    FloatVector or0 = oar.add(ocr);
    FloatVector or2 = oar.sub(ocr);
    FloatVector oi0 = oai.add(oci);
    FloatVector oi2 = oai.sub(oci);
    FloatVector or1 = obr.sub(odi);
    FloatVector oi1 = obi.add(odr);
    FloatVector or3 = obr.add(odi);
    FloatVector oi3 = obi.sub(odr);
    FloatVector fr1 = or1.sub(oi1).mul(HALF_ROOT);
    FloatVector fi1 = or1.add(oi1).mul(HALF_ROOT);
    FloatVector fr3 = or3.add(oi3).mul(HALF_ROOT);
    FloatVector fi3 = or3.sub(oi3).mul(HALF_ROOT);
    FloatVector yr0 = er0.add(or0);
    FloatVector yi0 = ei0.add(oi0);
    FloatVector yr4 = er0.sub(or0);
    FloatVector yi4 = ei0.sub(oi0);
    FloatVector yr1 = er1.add(fr1);
    FloatVector yi1 = ei1.add(fi1);
    FloatVector yr5 = er1.sub(fr1);
    FloatVector yi5 = ei1.sub(fi1);
    FloatVector yr2 = er2.sub(oi2);
    FloatVector yi2 = ei2.add(or2);
    FloatVector yr6 = er2.add(oi2);
    FloatVector yi6 = ei2.sub(or2);
    FloatVector yr3 = er3.sub(fr3);
    FloatVector yi3 = ei3.add(fi3);
    FloatVector yr7 = er3.add(fr3);
    FloatVector yi7 = ei3.sub(fi3);
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
    yr7.mul(wr7).sub(yi7.mul(wi7)).intoArray(out, o + 7 * to);
    yr7.mul(wi7).add(yi7.mul(wr7)).intoArray(out, o + 7 * to + COUNT);
  }
}
