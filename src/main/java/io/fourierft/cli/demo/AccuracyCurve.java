package io.fourierft.cli.demo;

/**
 * How well an adapter fitted the points, epoch by epoch.
 *
 * @param method what was trained
 * @param seed the seed of points, network and adapter
 * @param trainableNumbers how many numbers were trained
 * @param accuracy share of the points in their class before each epoch's step, and after the last
 */
public record AccuracyCurve(String method, long seed, int trainableNumbers, float[] accuracy) {
  /** The first epoch in front of which all points were in their class; −1 if there was none. */
  public int firstPerfectEpoch() {
    for (int epoch = 0; epoch < accuracy.length; epoch++) {
      if (accuracy[epoch] == 1) {
        return epoch;
      }
    }
    return -1;
  }

  /** The greatest accuracy that was reached. */
  public float best() {
    float best = 0;
    for (float value : accuracy) {
      best = Math.max(best, value);
    }
    return best;
  }

  /** The accuracy after the last epoch. */
  public float last() {
    return accuracy[accuracy.length - 1];
  }
}
