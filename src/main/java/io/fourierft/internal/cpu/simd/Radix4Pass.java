package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import jdk.incubator.vector.FloatVector;

/** The pass of radix 4. */
final class Radix4Pass implements FftPass {
  private final int m;
  private final int s;
  private final float[] twiddles;

  Radix4Pass(int m, int s) {
    this.m = m;
    this.s = s;
    this.twiddles = FftPass.twiddles(4, m);
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
    FloatVector ar = xr0.add(xr2);
    FloatVector br = xr0.sub(xr2);
    FloatVector cr = xr1.add(xr3);
    FloatVector dr = xr1.sub(xr3);
    FloatVector ai = xi0.add(xi2);
    FloatVector bi = xi0.sub(xi2);
    FloatVector ci = xi1.add(xi3);
    FloatVector di = xi1.sub(xi3);
    FloatVector yr0 = ar.add(cr);
    FloatVector yr2 = ar.sub(cr);
    FloatVector yi0 = ai.add(ci);
    FloatVector yi2 = ai.sub(ci);
    FloatVector yr1 = br.sub(di);
    FloatVector yi1 = bi.add(dr);
    FloatVector yr3 = br.add(di);
    FloatVector yi3 = bi.sub(dr);
    yr0.intoArray(out, o);
    yi0.intoArray(out, o + COUNT);
    yr1.intoArray(out, o + to);
    yi1.intoArray(out, o + to + COUNT);
    yr2.intoArray(out, o + 2 * to);
    yi2.intoArray(out, o + 2 * to + COUNT);
    yr3.intoArray(out, o + 3 * to);
    yi3.intoArray(out, o + 3 * to + COUNT);
  }

  private void others(float[] in, int inAt, float[] out, int outAt) {
    int from = m * s * WIDTH;
    int to = s * WIDTH;
    for (int p = 0; p < m; p++) {
      int inRow = inAt + p * to;
      int outRow = outAt + 4 * p * to;
      for (int q = 0; q < to; q += WIDTH) {
        turned(in, inRow + q, from, out, outRow + q, to, 6 * p);
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
    FloatVector xr0 = FloatVector.fromArray(SPECIES, in, i);
    FloatVector xi0 = FloatVector.fromArray(SPECIES, in, i + COUNT);
    FloatVector xr1 = FloatVector.fromArray(SPECIES, in, i + from);
    FloatVector xi1 = FloatVector.fromArray(SPECIES, in, i + from + COUNT);
    FloatVector xr2 = FloatVector.fromArray(SPECIES, in, i + 2 * from);
    FloatVector xi2 = FloatVector.fromArray(SPECIES, in, i + 2 * from + COUNT);
    FloatVector xr3 = FloatVector.fromArray(SPECIES, in, i + 3 * from);
    FloatVector xi3 = FloatVector.fromArray(SPECIES, in, i + 3 * from + COUNT);
    FloatVector ar = xr0.add(xr2);
    FloatVector br = xr0.sub(xr2);
    FloatVector cr = xr1.add(xr3);
    FloatVector dr = xr1.sub(xr3);
    FloatVector ai = xi0.add(xi2);
    FloatVector bi = xi0.sub(xi2);
    FloatVector ci = xi1.add(xi3);
    FloatVector di = xi1.sub(xi3);
    FloatVector yr0 = ar.add(cr);
    FloatVector yr2 = ar.sub(cr);
    FloatVector yi0 = ai.add(ci);
    FloatVector yi2 = ai.sub(ci);
    FloatVector yr1 = br.sub(di);
    FloatVector yi1 = bi.add(dr);
    FloatVector yr3 = br.add(di);
    FloatVector yi3 = bi.sub(dr);
    yr0.intoArray(out, o);
    yi0.intoArray(out, o + COUNT);
    yr1.mul(wr1).sub(yi1.mul(wi1)).intoArray(out, o + to);
    yr1.mul(wi1).add(yi1.mul(wr1)).intoArray(out, o + to + COUNT);
    yr2.mul(wr2).sub(yi2.mul(wi2)).intoArray(out, o + 2 * to);
    yr2.mul(wi2).add(yi2.mul(wr2)).intoArray(out, o + 2 * to + COUNT);
    yr3.mul(wr3).sub(yi3.mul(wi3)).intoArray(out, o + 3 * to);
    yr3.mul(wi3).add(yi3.mul(wr3)).intoArray(out, o + 3 * to + COUNT);
  }
}
