package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.FUSED;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;

import jdk.incubator.vector.FloatVector;

/** The inner loop of a product: {@value #TOKENS} tokens times two vectors of outputs. */
final class ProductTile {
  /** Tokens of a tile. */
  static final int TOKENS = 8;

  /** Outputs of a tile. */
  static final int OUTPUTS = 2 * COUNT;

  /** Floats of a tile of sums: {@code [TOKENS][OUTPUTS]}. */
  static final int FLOATS = TOKENS * OUTPUTS;

  private ProductTile() {}

  /**
   * {@code sums[t][j] += Σ_k tokens[k][t]·panel[k][j]}, k ascending, summed up before they are
   * added: a long sum goes by blocks, so that its error stays small.
   *
   * @param tokens {@code [count][TOKENS]} from {@code x} on
   * @param panel {@code [count][OUTPUTS]} from {@code w} on
   */
  static void add(float[] tokens, int x, float[] panel, int w, int count, float[] sums, int at) {
    FloatVector s00 = FloatVector.zero(SPECIES);
    FloatVector s01 = FloatVector.zero(SPECIES);
    FloatVector s10 = FloatVector.zero(SPECIES);
    FloatVector s11 = FloatVector.zero(SPECIES);
    FloatVector s20 = FloatVector.zero(SPECIES);
    FloatVector s21 = FloatVector.zero(SPECIES);
    FloatVector s30 = FloatVector.zero(SPECIES);
    FloatVector s31 = FloatVector.zero(SPECIES);
    FloatVector s40 = FloatVector.zero(SPECIES);
    FloatVector s41 = FloatVector.zero(SPECIES);
    FloatVector s50 = FloatVector.zero(SPECIES);
    FloatVector s51 = FloatVector.zero(SPECIES);
    FloatVector s60 = FloatVector.zero(SPECIES);
    FloatVector s61 = FloatVector.zero(SPECIES);
    FloatVector s70 = FloatVector.zero(SPECIES);
    FloatVector s71 = FloatVector.zero(SPECIES);
    for (int k = 0; k < count; k++) {
      int a = x + k * TOKENS;
      int b = w + k * OUTPUTS;
      FloatVector w0 = FloatVector.fromArray(SPECIES, panel, b);
      FloatVector w1 = FloatVector.fromArray(SPECIES, panel, b + COUNT);
      FloatVector x0 = FloatVector.broadcast(SPECIES, tokens[a]);
      s00 = FUSED ? x0.fma(w0, s00) : x0.mul(w0).add(s00);
      s01 = FUSED ? x0.fma(w1, s01) : x0.mul(w1).add(s01);
      FloatVector x1 = FloatVector.broadcast(SPECIES, tokens[a + 1]);
      s10 = FUSED ? x1.fma(w0, s10) : x1.mul(w0).add(s10);
      s11 = FUSED ? x1.fma(w1, s11) : x1.mul(w1).add(s11);
      FloatVector x2 = FloatVector.broadcast(SPECIES, tokens[a + 2]);
      s20 = FUSED ? x2.fma(w0, s20) : x2.mul(w0).add(s20);
      s21 = FUSED ? x2.fma(w1, s21) : x2.mul(w1).add(s21);
      FloatVector x3 = FloatVector.broadcast(SPECIES, tokens[a + 3]);
      s30 = FUSED ? x3.fma(w0, s30) : x3.mul(w0).add(s30);
      s31 = FUSED ? x3.fma(w1, s31) : x3.mul(w1).add(s31);
      FloatVector x4 = FloatVector.broadcast(SPECIES, tokens[a + 4]);
      s40 = FUSED ? x4.fma(w0, s40) : x4.mul(w0).add(s40);
      s41 = FUSED ? x4.fma(w1, s41) : x4.mul(w1).add(s41);
      FloatVector x5 = FloatVector.broadcast(SPECIES, tokens[a + 5]);
      s50 = FUSED ? x5.fma(w0, s50) : x5.mul(w0).add(s50);
      s51 = FUSED ? x5.fma(w1, s51) : x5.mul(w1).add(s51);
      FloatVector x6 = FloatVector.broadcast(SPECIES, tokens[a + 6]);
      s60 = FUSED ? x6.fma(w0, s60) : x6.mul(w0).add(s60);
      s61 = FUSED ? x6.fma(w1, s61) : x6.mul(w1).add(s61);
      FloatVector x7 = FloatVector.broadcast(SPECIES, tokens[a + 7]);
      s70 = FUSED ? x7.fma(w0, s70) : x7.mul(w0).add(s70);
      s71 = FUSED ? x7.fma(w1, s71) : x7.mul(w1).add(s71);
    }
    s00.add(FloatVector.fromArray(SPECIES, sums, at)).intoArray(sums, at);
    s01.add(FloatVector.fromArray(SPECIES, sums, at + COUNT)).intoArray(sums, at + COUNT);
    s10.add(FloatVector.fromArray(SPECIES, sums, at + 2 * COUNT)).intoArray(sums, at + 2 * COUNT);
    s11.add(FloatVector.fromArray(SPECIES, sums, at + 3 * COUNT)).intoArray(sums, at + 3 * COUNT);
    s20.add(FloatVector.fromArray(SPECIES, sums, at + 4 * COUNT)).intoArray(sums, at + 4 * COUNT);
    s21.add(FloatVector.fromArray(SPECIES, sums, at + 5 * COUNT)).intoArray(sums, at + 5 * COUNT);
    s30.add(FloatVector.fromArray(SPECIES, sums, at + 6 * COUNT)).intoArray(sums, at + 6 * COUNT);
    s31.add(FloatVector.fromArray(SPECIES, sums, at + 7 * COUNT)).intoArray(sums, at + 7 * COUNT);
    s40.add(FloatVector.fromArray(SPECIES, sums, at + 8 * COUNT)).intoArray(sums, at + 8 * COUNT);
    s41.add(FloatVector.fromArray(SPECIES, sums, at + 9 * COUNT)).intoArray(sums, at + 9 * COUNT);
    s50.add(FloatVector.fromArray(SPECIES, sums, at + 10 * COUNT)).intoArray(sums, at + 10 * COUNT);
    s51.add(FloatVector.fromArray(SPECIES, sums, at + 11 * COUNT)).intoArray(sums, at + 11 * COUNT);
    s60.add(FloatVector.fromArray(SPECIES, sums, at + 12 * COUNT)).intoArray(sums, at + 12 * COUNT);
    s61.add(FloatVector.fromArray(SPECIES, sums, at + 13 * COUNT)).intoArray(sums, at + 13 * COUNT);
    s70.add(FloatVector.fromArray(SPECIES, sums, at + 14 * COUNT)).intoArray(sums, at + 14 * COUNT);
    s71.add(FloatVector.fromArray(SPECIES, sums, at + 15 * COUNT)).intoArray(sums, at + 15 * COUNT);
  }
}
