package io.fourierft.demo;

import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.training.ParameterGroup;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The experiment of the FourierFT paper's appendix C.2 and figure 7 (Gao et al., ICML 2024): eight
 * classes of points in the plane, a hidden layer of 64 × 64, and on it either LoRA with r = 1 or
 * FourierFT with n = 128, which is 128 trainable numbers for both. The paper reports that LoRA
 * never reaches 100 % within 2000 epochs and FourierFT does in about 500.
 *
 * <p>The authors published no code for it. Chosen here, equally for both: everything but the
 * adapter is frozen at random; both adapters start from ΔW = 0, on the same points and the same
 * network; AdamW without weight decay, learning rate 0.01, all points in one batch. The points are
 * as {@link PointClouds} says, FourierFT's scaling is PEFT's default, 150.
 */
public final class ExpressivenessExperiment {
  /** Coefficients of FourierFT: as many as rank 1 has numbers. */
  public static final int N_FREQUENCY = 2 * FrozenNetwork.WIDTH;

  private static final double SCALING = 150;
  private static final double LEARNING_RATE = 0.01;

  private final FourierEngine engine;
  private final int epochs;

  /** An experiment of {@code epochs} steps for each method. */
  public ExpressivenessExperiment(FourierEngine engine, int epochs) {
    this.engine = engine;
    this.epochs = epochs;
  }

  /** Trains LoRA of rank 1. */
  public AccuracyCurve lowRank(long seed) {
    Random random = new Random(seed);
    PointClouds clouds = PointClouds.of(random);
    FrozenNetwork network = FrozenNetwork.of(engine, clouds, random);
    try (AdaptedLayer layer =
        new LowRankAdapted(
            engine, network.hiddenWeight(), network.hiddenBias(), random, clouds.size())) {
      return train("LoRA r=1", seed, clouds, network, layer);
    }
  }

  /** Trains FourierFT with n = 128. */
  public AccuracyCurve fourier(long seed) {
    Random random = new Random(seed);
    PointClouds clouds = PointClouds.of(random);
    FrozenNetwork network = FrozenNetwork.of(engine, clouds, random);
    try (AdaptedLayer layer =
        new FourierAdapted(
            engine,
            network.hiddenWeight(),
            network.hiddenBias(),
            N_FREQUENCY,
            SCALING,
            random.nextInt(),
            clouds.size())) {
      return train("FourierFT n=128", seed, clouds, network, layer);
    }
  }

  private AccuracyCurve train(
      String method, long seed, PointClouds clouds, FrozenNetwork network, AdaptedLayer layer) {
    int points = clouds.size();
    HostMatrix hidden = zeros(points, FrozenNetwork.WIDTH);
    HostMatrix hiddenGradient = zeros(points, FrozenNetwork.WIDTH);
    HostMatrix scores = zeros(points, PointClouds.CLASSES);
    HostMatrix scoreGradient = zeros(points, PointClouds.CLASSES);
    ParameterGroup trained = new ParameterGroup("hidden", layer.trainable(), LEARNING_RATE, 0);
    float[] accuracy = new float[epochs + 1];
    try (Trainer trainer = Trainer.of(engine, List.of(trained), TrainerOptions.defaults());
        var tape = network.head().newTape(points)) {
      for (int epoch = 0; epoch <= epochs; epoch++) {
        layer.forward(network.features(), hidden);
        FrozenNetwork.rectify(hidden);
        network.head().forward(hidden, scores, tape);
        accuracy[epoch] = (float) crossEntropy(scores, clouds, scoreGradient) / points;
        if (epoch == epochs) {
          break;
        }
        network.head().backward(tape, scoreGradient, hiddenGradient, Map.of());
        for (int t = 0; t < points; t++) {
          for (int p = 0; p < FrozenNetwork.WIDTH; p++) {
            if (hidden.get(t, p) <= 0) {
              hiddenGradient.set(t, p, 0);
            }
          }
        }
        layer.backward(hiddenGradient);
        trainer.batchDone();
      }
    }
    long numbers = trained.parameters().stream().mapToLong(each -> each.size()).sum();
    return new AccuracyCurve(method, seed, Math.toIntExact(numbers), accuracy);
  }

  /** Writes the gradient of the mean cross-entropy and returns how many points are right. */
  private static int crossEntropy(HostMatrix scores, PointClouds clouds, HostMatrix gradient) {
    int right = 0;
    double[] exponentials = new double[scores.cols()];
    for (int t = 0; t < clouds.size(); t++) {
      int best = 0;
      for (int c = 1; c < exponentials.length; c++) {
        best = scores.get(t, c) > scores.get(t, best) ? c : best;
      }
      right += best == clouds.label(t) ? 1 : 0;
      double sum = 0;
      for (int c = 0; c < exponentials.length; c++) {
        exponentials[c] = Math.exp(scores.get(t, c) - scores.get(t, best));
        sum += exponentials[c];
      }
      for (int c = 0; c < exponentials.length; c++) {
        double wanted = c == clouds.label(t) ? 1 : 0;
        gradient.set(t, c, (float) ((exponentials[c] / sum - wanted) / clouds.size()));
      }
    }
    return right;
  }

  private static HostMatrix zeros(int rows, int cols) {
    return Matrix.of(new float[rows * cols], rows, cols);
  }
}
