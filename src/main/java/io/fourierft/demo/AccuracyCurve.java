package io.fourierft.demo;

/** How well an adapter fitted the points, epoch by epoch. */
public final class AccuracyCurve {
  private final String method;
  private final long seed;
  private final int trainableNumbers;
  private final float[] accuracy;

  AccuracyCurve(String method, long seed, int trainableNumbers, float[] accuracy) {
    this.method = method;
    this.seed = seed;
    this.trainableNumbers = trainableNumbers;
    this.accuracy = accuracy.clone();
  }

  /** What was trained. */
  public String method() {
    return method;
  }

  /** The seed of points, network and adapter. */
  public long seed() {
    return seed;
  }

  /** How many numbers were trained. */
  public int trainableNumbers() {
    return trainableNumbers;
  }

  /** How often the accuracy was taken: before each epoch's step, and after the last. */
  public int size() {
    return accuracy.length;
  }

  /** Share of the points in their class after {@code epochs} steps. */
  public float accuracy(int epochs) {
    return accuracy[epochs];
  }

  /** All of {@link #accuracy(int)}, as a copy. */
  public float[] accuracy() {
    return accuracy.clone();
  }

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
