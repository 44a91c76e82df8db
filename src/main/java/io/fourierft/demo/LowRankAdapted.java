package io.fourierft.demo;

import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.training.TrainableParameter;
import io.fourierft.training.TrainableTensor;
import java.util.List;
import java.util.Random;

/**
 * LoRA of rank 1 (Hu et al., ICLR 2022): y = W x + b + B (A·x), A uniform within ±1/√in and B zero
 * at first, as PEFT initialises it, α/r = 1.
 */
final class LowRankAdapted implements AdaptedLayer {
  private final FourierLinear base;
  private final float[] down;
  private final float[] up;
  private final HostMatrix downGradient;
  private final HostMatrix upGradient;
  private final float[] projected;
  private HostMatrix input;

  LowRankAdapted(
      FourierEngine engine, HostMatrix weight, HostMatrix bias, Random random, int tokens) {
    base = new FourierLinear(engine, weight, bias, FourierLinearOptions.defaults());
    down = new float[weight.cols()];
    double bound = 1 / Math.sqrt(weight.cols());
    for (int q = 0; q < down.length; q++) {
      down[q] = (float) (bound * (2 * random.nextDouble() - 1));
    }
    up = new float[weight.rows()];
    downGradient = Matrix.of(new float[down.length], 1, down.length);
    upGradient = Matrix.of(new float[up.length], up.length, 1);
    projected = new float[tokens];
    input = Matrix.of(new float[0], 0, weight.cols());
  }

  @Override
  public void forward(HostMatrix x, HostMatrix y) {
    base.forward(x, y);
    input = x;
    for (int t = 0; t < x.rows(); t++) {
      float sum = 0;
      for (int q = 0; q < down.length; q++) {
        sum += down[q] * x.get(t, q);
      }
      projected[t] = sum;
      for (int p = 0; p < up.length; p++) {
        y.set(t, p, y.get(t, p) + up[p] * sum);
      }
    }
  }

  @Override
  public void backward(HostMatrix g) {
    for (int t = 0; t < g.rows(); t++) {
      float sum = 0;
      for (int p = 0; p < up.length; p++) {
        sum += up[p] * g.get(t, p);
        upGradient.set(p, 0, upGradient.get(p, 0) + g.get(t, p) * projected[t]);
      }
      for (int q = 0; q < down.length; q++) {
        downGradient.set(0, q, downGradient.get(0, q) + sum * input.get(t, q));
      }
    }
  }

  @Override
  public List<TrainableParameter> trainable() {
    return List.of(
        TrainableTensor.of("lora_A", Matrix.of(down, 1, down.length), downGradient),
        TrainableTensor.of("lora_B", Matrix.of(up, up.length, 1), upGradient));
  }

  @Override
  public void close() {
    // Holds nothing but arrays.
  }
}
