package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.internal.cpu.Chirp;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/** The pass of a large radix, as a convolution with a {@link Chirp} by transforms in lanes. */
final class ChirpPass implements FftPass {
  private final int radix;
  private final int m;
  private final int s;
  private final float[] twiddles;
  private final float[] chirp;
  private final LaneFft convolution;
  private final float[] filter;

  ChirpPass(int radix, int m, int s) {
    this.radix = radix;
    this.m = m;
    this.s = s;
    this.twiddles = FftPass.twiddles(radix, m);
    this.convolution = LaneFft.of(FftLengths.smoothFrom(2 * radix - 1));
    Chirp made = new Chirp(radix, convolution.length());
    this.chirp = made.turns();
    this.filter = made.filter();
  }

  @Override
  public int scratchFloats() {
    return 2 * convolution.blockFloats();
  }

  @Override
  public void run(float[] in, int inAt, float[] out, int outAt, float[] scratch) {
    int step = s * WIDTH;
    int other = convolution.blockFloats();
    for (int p = 0; p < m; p++) {
      for (int q = 0; q < step; q += WIDTH) {
        gather(in, inAt + p * step + q, scratch);
        boolean swapped = convolution.transform(scratch, 0, scratch, other, scratch);
        int data = swapped ? other : 0;
        filter(scratch, data);
        swapped ^= convolution.transform(scratch, data, scratch, other - data, scratch);
        scatter(scratch, swapped ? other : 0, out, outAt + radix * p * step + q, p);
      }
    }
  }

  private void gather(float[] in, int i, float[] scratch) {
    int from = m * s * WIDTH;
    int at = i;
    for (int j = 0; j < radix; j++) {
      FloatVector re = FloatVector.fromArray(SPECIES, in, at);
      FloatVector im = FloatVector.fromArray(SPECIES, in, at + COUNT);
      float wr = chirp[2 * j];
      float wi = chirp[2 * j + 1];
      re.mul(wr).sub(im.mul(wi)).intoArray(scratch, j * WIDTH);
      re.mul(wi).add(im.mul(wr)).intoArray(scratch, j * WIDTH + COUNT);
      at += from;
    }
    Arrays.fill(scratch, radix * WIDTH, convolution.blockFloats(), 0f);
  }

  private void filter(float[] scratch, int data) {
    for (int j = 0; j < convolution.length(); j++) {
      int at = data + j * WIDTH;
      FloatVector re = FloatVector.fromArray(SPECIES, scratch, at);
      FloatVector im = FloatVector.fromArray(SPECIES, scratch, at + COUNT);
      float wr = filter[2 * j];
      float wi = filter[2 * j + 1];
      re.mul(wr).sub(im.mul(wi)).intoArray(scratch, at);
      re.mul(wi).add(im.mul(wr)).intoArray(scratch, at + COUNT);
    }
  }

  /** Two transforms of the same sign give the convolution in reverse: element k stands at −k. */
  private void scatter(float[] scratch, int data, float[] out, int o, int p) {
    int length = convolution.length();
    int to = s * WIDTH;
    for (int k = 0; k < radix; k++) {
      int at = data + (k == 0 ? 0 : length - k) * WIDTH;
      FloatVector re = FloatVector.fromArray(SPECIES, scratch, at);
      FloatVector im = FloatVector.fromArray(SPECIES, scratch, at + COUNT);
      float cr = chirp[2 * k];
      float ci = chirp[2 * k + 1];
      if (k > 0) {
        int w = 2 * ((radix - 1) * p + k - 1);
        float tr = twiddles[w];
        float ti = twiddles[w + 1];
        float product = cr * tr - ci * ti;
        ci = cr * ti + ci * tr;
        cr = product;
      }
      re.mul(cr).sub(im.mul(ci)).intoArray(out, o + k * to);
      re.mul(ci).add(im.mul(cr)).intoArray(out, o + k * to + COUNT);
    }
  }
}
