package io.fourierft.demo;

import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import java.util.Random;

/**
 * A perceptron 2 → 64 → 64 → 8 with rectifiers, frozen as torch initialises linear layers: weights
 * and biases uniform within ±1/√in.
 *
 * @param features what the first layer makes of the points, {@code [points, 64]}
 * @param hiddenWeight {@code [64, 64]}, the weight that is adapted
 * @param hiddenBias {@code [1, 64]}
 * @param head the last layer
 */
record FrozenNetwork(
    HostMatrix features, HostMatrix hiddenWeight, HostMatrix hiddenBias, FourierLinear head) {
  static final int WIDTH = 64;

  static FrozenNetwork of(FourierEngine engine, PointClouds clouds, Random random) {
    FourierLinear first = linear(engine, WIDTH, 2, random);
    HostMatrix features = Matrix.of(new float[clouds.size() * WIDTH], clouds.size(), WIDTH);
    first.forward(clouds.points(), features);
    rectify(features);
    HostMatrix weight = uniform(WIDTH, WIDTH, WIDTH, random);
    HostMatrix bias = uniform(1, WIDTH, WIDTH, random);
    return new FrozenNetwork(
        features, weight, bias, linear(engine, PointClouds.CLASSES, WIDTH, random));
  }

  /** Sets what is negative to zero. */
  static void rectify(HostMatrix values) {
    for (int t = 0; t < values.rows(); t++) {
      for (int p = 0; p < values.cols(); p++) {
        values.set(t, p, Math.max(0, values.get(t, p)));
      }
    }
  }

  private static FourierLinear linear(FourierEngine engine, int out, int in, Random random) {
    return new FourierLinear(
        engine,
        uniform(out, in, in, random),
        uniform(1, out, in, random),
        FourierLinearOptions.defaults());
  }

  private static HostMatrix uniform(int rows, int cols, int fanIn, Random random) {
    double bound = 1 / Math.sqrt(fanIn);
    float[] values = new float[rows * cols];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (bound * (2 * random.nextDouble() - 1));
    }
    return Matrix.of(values, rows, cols);
  }
}
