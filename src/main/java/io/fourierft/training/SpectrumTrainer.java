package io.fourierft.training;

import io.fourierft.FourierException;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The loop around {@link AdamW}: gathers the gradients of several batches, clips, sets the learning
 * rate, steps. Not thread-safe.
 *
 * <pre>
 *   for (batch : batches) {
 *     layer.forward(x, y, tape);
 *     layer.backward(tape, g, null, Map.of("default", spectrum.gradientMatrix()));
 *     trainer.endBatch();
 *   }</pre>
 */
public final class SpectrumTrainer {
  private final AdamW optimizer;
  private final LearningRateSchedule schedule;
  private final int batchesPerStep;
  private final double maxGradientNorm;
  private int batches;
  private double lastGradientNorm = Double.NaN;

  /**
   * A trainer in front of its first batch.
   *
   * @param batchesPerStep batches whose gradients are averaged for one step, at least 1
   * @param maxGradientNorm the global norm to clip at; infinite for no clipping
   */
  public SpectrumTrainer(
      AdamW optimizer, LearningRateSchedule schedule, int batchesPerStep, double maxGradientNorm) {
    if (batchesPerStep < 1) {
      throw new FourierException("batchesPerStep is " + batchesPerStep + "; it must be at least 1");
    }
    if (!(maxGradientNorm > 0)) {
      throw new FourierException(
          "maxGradientNorm is " + maxGradientNorm + "; use infinity for no clipping");
    }
    this.optimizer = optimizer;
    this.schedule = schedule;
    this.batchesPerStep = batchesPerStep;
    this.maxGradientNorm = maxGradientNorm;
  }

  /** The optimiser. */
  public AdamW optimizer() {
    return optimizer;
  }

  /** Batches gathered since the last step. */
  public int gatheredBatches() {
    return batches;
  }

  /** The learning rate of the next step. */
  public double learningRate() {
    return optimizer.options().learningRate() * schedule.factor(optimizer.steps());
  }

  /** The gradients' global norm at the last step, before clipping; NaN before the first. */
  public double lastGradientNorm() {
    return lastGradientNorm;
  }

  /**
   * Says that the gradients of a batch have been added; every {@code batchesPerStep} batches makes
   * a step with their mean and clears them.
   *
   * @return whether a step was made
   * @throws FourierException if the gradients are to be clipped and are not finite; the step is not
   *     made, and the gradients are cleared
   */
  public boolean endBatch() {
    batches++;
    if (batches < batchesPerStep) {
      return false;
    }
    batches = 0;
    try {
      average();
      lastGradientNorm =
          maxGradientNorm == Double.POSITIVE_INFINITY
              ? GradientClipping.globalNorm(optimizer.spectra())
              : GradientClipping.byGlobalNorm(optimizer.spectra(), maxGradientNorm);
      optimizer.step(learningRate());
    } finally {
      optimizer.spectra().forEach(TrainableSpectrum::clearGradient);
    }
    return true;
  }

  /**
   * Writes values, gradients, moments and counters to a safetensors file, from which {@link
   * #restore} goes on as if there had been no break.
   */
  public void save(Path file) throws IOException {
    TrainingState.write(file, optimizer, batches);
  }

  /**
   * Takes up the state that {@link #save} wrote and gives the values to the spectra's layers.
   *
   * @throws FourierException if the file is no such state, or one of other spectra or
   *     hyperparameters; nothing is changed
   */
  public void restore(Path file) throws IOException {
    batches = TrainingState.read(file, optimizer);
  }

  private void average() {
    if (batchesPerStep == 1) {
      return;
    }
    float share = 1f / batchesPerStep;
    for (TrainableSpectrum spectrum : optimizer.spectra()) {
      float[] gradient = spectrum.gradientMemory();
      for (int k = 0; k < gradient.length; k++) {
        gradient[k] *= share;
      }
    }
  }
}
