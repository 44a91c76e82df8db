package io.fourierft.model;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.layer.LayerSamples;
import java.util.ArrayList;
import java.util.List;

/**
 * Four adapted layers one after the other and a head, forward and backward, whose upstream gradient
 * is the scores; on a device in its memory.
 */
final class SmallStep implements AutoCloseable {
  static final int TOKENS = 3;
  static final int WIDTH = 64;
  static final List<String> PATHS =
      List.of(
          "vit.layers.0.attention.q_proj",
          "vit.layers.0.attention.v_proj",
          "vit.layers.1.attention.q_proj",
          "vit.layers.1.attention.v_proj");
  static final HostMatrix X = LayerSamples.gaussian(TOKENS, WIDTH, 5);

  private static final int CLASSES = 5;
  private static final String WEIGHT = "classifier.weight";
  private static final String BIAS = "classifier.bias";

  private final CudaFourierEngine engine;
  private final List<DeviceBuffer> states = new ArrayList<>();
  private final DeviceBuffer scores;
  private final DeviceBuffer transposed;
  private final DeviceBuffer upstream;
  private final DeviceBuffer next;

  SmallStep(CudaFourierEngine engine) {
    this.engine = engine;
    for (int i = 0; i <= PATHS.size(); i++) {
      states.add(buffer(TOKENS, WIDTH));
    }
    engine.upload(X, states.getFirst());
    scores = buffer(TOKENS, CLASSES);
    transposed = buffer(CLASSES, TOKENS);
    upstream = buffer(TOKENS, WIDTH);
    next = buffer(TOKENS, WIDTH);
  }

  private DeviceBuffer buffer(int rows, int cols) {
    return engine.newBuffer(ElementType.F32, rows, cols);
  }

  static HostMatrix matrix(float[] values) {
    return Matrix.of(values, TOKENS, WIDTH);
  }

  /** Adds all gradients, where {@code on} enqueues. */
  void enqueue(CudaFourierEngine on, ModelPass pass) {
    var operations = on.deviceOperations();
    for (int i = 0; i < PATHS.size(); i++) {
      pass.forward(PATHS.get(i), states.get(i), states.get(i + 1));
    }
    DeviceBuffer features = states.getLast();
    Matrix weight = pass.tensor(WEIGHT);
    Matrix weightGradient = pass.gradient(WEIGHT);
    Matrix biasGradient = pass.gradient(BIAS);
    operations.multiply(features, weight, WeightLayout.OUT_IN, null, scores);
    operations.multiply(weight, features, WeightLayout.OUT_IN, null, transposed);
    if (weightGradient != null && biasGradient != null) {
      operations.addTokenSum(scores, biasGradient);
      operations.multiplyTransposed(
          transposed, features, WeightLayout.OUT_IN, weightGradient, true);
    }
    operations.multiplyTransposed(scores, weight, WeightLayout.OUT_IN, upstream, false);
    DeviceBuffer g = upstream;
    DeviceBuffer gx = next;
    for (int i = PATHS.size() - 1; i >= 0; i--) {
      pass.backward(PATHS.get(i), g, i == 0 ? null : gx);
      DeviceBuffer used = g;
      g = gx;
      gx = used;
    }
  }

  /** The same on the host. */
  static void onHost(ModelPass pass) {
    HostMatrix features = X;
    for (String path : PATHS) {
      HostMatrix y = LayerSamples.zeros(TOKENS, WIDTH);
      pass.forward(path, features, y);
      features = y;
    }
    HostMatrix weight = (HostMatrix) pass.tensor(WEIGHT);
    HostMatrix weightGradient = (HostMatrix) pass.gradient(WEIGHT);
    HostMatrix biasGradient = (HostMatrix) pass.gradient(BIAS);
    HostMatrix g = LayerSamples.zeros(TOKENS, WIDTH);
    for (int token = 0; token < TOKENS; token++) {
      for (int label = 0; label < CLASSES; label++) {
        double score = 0;
        for (int i = 0; i < WIDTH; i++) {
          score += features.get(token, i) * weight.get(label, i);
        }
        biasGradient.set(0, label, (float) (biasGradient.get(0, label) + score));
        for (int i = 0; i < WIDTH; i++) {
          weightGradient.set(
              label, i, (float) (weightGradient.get(label, i) + score * features.get(token, i)));
          g.set(token, i, (float) (g.get(token, i) + score * weight.get(label, i)));
        }
      }
    }
    for (String path : PATHS.reversed()) {
      HostMatrix gx = LayerSamples.zeros(TOKENS, WIDTH);
      pass.backward(path, g, gx);
      g = gx;
    }
  }

  @Override
  public void close() {
    states.forEach(DeviceBuffer::close);
    List.of(scores, transposed, upstream, next).forEach(DeviceBuffer::close);
  }
}
