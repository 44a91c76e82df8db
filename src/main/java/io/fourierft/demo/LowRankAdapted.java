package io.fourierft.demo;

import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.training.TrainableSpectrum;
import java.util.List;
import java.util.Random;

/**
 * LoRA of rank 1 (Hu et al., ICLR 2022): y = W x + b + B (A·x), A uniform within ±1/√in and B zero
 * at first, as PEFT initialises it, α/r = 1.
 */
final class LowRankAdapted implements AdaptedLayer {
  private final FourierLinear base;
  private final TrainableSpectrum down;
  private final TrainableSpectrum up;
  private final float[] projected;
  private HostMatrix input;

  LowRankAdapted(
      FourierEngine engine, HostMatrix weight, HostMatrix bias, Random random, int tokens) {
    base = new FourierLinear(engine, weight, bias, FourierLinearOptions.defaults());
    float[] initial = new float[weight.cols()];
    double bound = 1 / Math.sqrt(weight.cols());
    for (int q = 0; q < initial.length; q++) {
      initial[q] = (float) (bound * (2 * random.nextDouble() - 1));
    }
    down = TrainableSpectrum.of("lora_A", initial);
    up = TrainableSpectrum.of("lora_B", new float[weight.rows()]);
    projected = new float[tokens];
    input = Matrix.of(new float[0], 0, weight.cols());
  }

  @Override
  public void forward(HostMatrix x, HostMatrix y) {
    base.forward(x, y);
    input = x;
    float[] a = down.values();
    float[] b = up.values();
    for (int t = 0; t < x.rows(); t++) {
      float sum = 0;
      for (int q = 0; q < a.length; q++) {
        sum += a[q] * x.get(t, q);
      }
      projected[t] = sum;
      for (int p = 0; p < b.length; p++) {
        y.set(t, p, y.get(t, p) + b[p] * sum);
      }
    }
  }

  @Override
  public void backward(HostMatrix g) {
    float[] b = up.values();
    float[] downGradient = down.gradient();
    float[] upGradient = up.gradient();
    for (int t = 0; t < g.rows(); t++) {
      float sum = 0;
      for (int p = 0; p < b.length; p++) {
        sum += b[p] * g.get(t, p);
        upGradient[p] += g.get(t, p) * projected[t];
      }
      for (int q = 0; q < downGradient.length; q++) {
        downGradient[q] += sum * input.get(t, q);
      }
    }
    put(downGradient, down.gradientMatrix());
    put(upGradient, up.gradientMatrix());
  }

  @Override
  public List<TrainableSpectrum> trainable() {
    return List.of(down, up);
  }

  @Override
  public void close() {
    // Holds nothing but arrays.
  }

  private static void put(float[] values, HostMatrix into) {
    for (int k = 0; k < values.length; k++) {
      into.set(0, k, values[k]);
    }
  }
}
