package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import jdk.incubator.vector.FloatVector;

/** The pass of radix 2. */
final class Radix2Pass implements FftPass {
  private final int m;
  private final int s;
  private final float[] twiddles;

  Radix2Pass(int m, int s) {
    this.m = m;
    this.s = s;
    this.twiddles = FftPass.twiddles(2, m);
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
    FloatVector yr0 = xr0.add(xr1);
    FloatVector yi0 = xi0.add(xi1);
    FloatVector yr1 = xr0.sub(xr1);
    FloatVector yi1 = xi0.sub(xi1);
    yr0.intoArray(out, o);
    yi0.intoArray(out, o + COUNT);
    yr1.intoArray(out, o + to);
    yi1.intoArray(out, o + to + COUNT);
  }

  private void others(float[] in, int inAt, float[] out, int outAt) {
    int from = m * s * WIDTH;
    int to = s * WIDTH;
    for (int p = 0; p < m; p++) {
      int inRow = inAt + p * to;
      int outRow = outAt + 2 * p * to;
      for (int q = 0; q < to; q += WIDTH) {
        turned(in, inRow + q, from, out, outRow + q, to, 2 * p);
      }
    }
  }

  private void turned(float[] in, int i, int from, float[] out, int o, int to, int w) {
    float wr1 = twiddles[w + 0];
    float wi1 = twiddles[w + 1];
    FloatVector xr0 = FloatVector.fromArray(SPECIES, in, i);
    FloatVector xi0 = FloatVector.fromArray(SPECIES, in, i + COUNT);
    FloatVector xr1 = FloatVector.fromArray(SPECIES, in, i + from);
    FloatVector xi1 = FloatVector.fromArray(SPECIES, in, i + from + COUNT);
    FloatVector yr0 = xr0.add(xr1);
    FloatVector yi0 = xi0.add(xi1);
    FloatVector yr1 = xr0.sub(xr1);
    FloatVector yi1 = xi0.sub(xi1);
    yr0.intoArray(out, o);
    yi0.intoArray(out, o + COUNT);
    yr1.mul(wr1).sub(yi1.mul(wi1)).intoArray(out, o + to);
    yr1.mul(wi1).add(yi1.mul(wr1)).intoArray(out, o + to + COUNT);
  }
}
