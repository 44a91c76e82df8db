package io.fourierft.demo;

import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import java.util.Random;

/**
 * Points of the plane in classes, scattered around one centre each: the centres stand evenly on a
 * circle, the scatter is Gaussian.
 */
final class PointClouds {
  static final int CLASSES = 8;
  static final int POINTS_PER_CLASS = 30;
  static final double RADIUS = 5;
  static final double SPREAD = 0.4;

  private final HostMatrix points;
  private final int[] labels;

  private PointClouds(HostMatrix points, int[] labels) {
    this.points = points;
    this.labels = labels;
  }

  static PointClouds of(Random random) {
    int count = CLASSES * POINTS_PER_CLASS;
    float[] points = new float[2 * count];
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      int label = i / POINTS_PER_CLASS;
      double angle = 2 * Math.PI * label / CLASSES;
      points[2 * i] = (float) (RADIUS * Math.cos(angle) + SPREAD * random.nextGaussian());
      points[2 * i + 1] = (float) (RADIUS * Math.sin(angle) + SPREAD * random.nextGaussian());
      labels[i] = label;
    }
    return new PointClouds(Matrix.of(points, count, 2), labels);
  }

  /** {@code [classes·pointsPerClass, 2]}, F32. */
  HostMatrix points() {
    return points;
  }

  /** The class of one point. */
  int label(int point) {
    return labels[point];
  }

  int size() {
    return labels.length;
  }
}
