package io.fourierft.benchmarks;

import io.fourierft.FourierAdapter;
import io.fourierft.SpectralLocations;

/**
 * A layer, its adapter and a batch, the same in every contestant: values follow from their index by
 * a hash, so that another process can make them too.
 *
 * @param rows out_features
 * @param cols in_features
 * @param n n_frequency
 * @param tokens rows of the batch
 */
record Workload(int rows, int cols, int n, int tokens) {
  static final double SCALING = 150;
  static final long SEED = 2024;
  private static final int SPECTRUM = 1;
  private static final int ACTIVATIONS = 2;
  private static final int UPSTREAM = 3;
  private static final int WEIGHT = 4;

  static Workload delta(int rows, int cols, int n) {
    return new Workload(rows, cols, n, 0);
  }

  FourierAdapter adapter() {
    return FourierAdapter.of(SpectralLocations.of(rows, cols, n, SEED), spectrum(), SCALING);
  }

  float[] spectrum() {
    return values(SPECTRUM, n);
  }

  /** x, {@code [tokens, cols]}. */
  float[] activations() {
    return values(ACTIVATIONS, Math.multiplyExact(tokens, cols));
  }

  /** g, {@code [tokens, rows]}. */
  float[] upstream() {
    return values(UPSTREAM, Math.multiplyExact(tokens, rows));
  }

  /** W, {@code [rows, cols]}. */
  float[] weight() {
    return values(WEIGHT, Math.multiplyExact(rows, cols));
  }

  String shape() {
    return rows + "×" + cols;
  }

  /** Numbers in [−1, 1) on a grid of 2^−23; {@code peft_peer.py} has the same function. */
  static float[] values(int kind, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      int hash = i + kind * 0x9E3779B9;
      hash = (hash ^ (hash >>> 16)) * 0x85EBCA6B;
      hash = (hash ^ (hash >>> 13)) * 0xC2B2AE35;
      hash ^= hash >>> 16;
      values[i] = (hash >>> 8) * 0x1p-23f - 1;
    }
    return values;
  }
}
