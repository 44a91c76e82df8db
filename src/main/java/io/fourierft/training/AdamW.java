package io.fourierft.training;

import io.fourierft.FourierException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019) on spectra, in the order of
 * operations and the float32 arithmetic of {@code torch.optim.AdamW} on a CPU ({@code
 * torch/optim/adam.py}, {@code _single_tensor_adam}), fused multiply-adds included, so that equal
 * gradients give equal bits. Not thread-safe.
 */
public final class AdamW {
  private final List<TrainableSpectrum> spectra;
  private final AdamWOptions options;
  private final float[][] firstMoments;
  private final float[][] secondMoments;
  private long steps;

  /**
   * An optimiser that has made no step.
   *
   * @throws FourierException if there is no spectrum, or two have one name
   */
  public AdamW(List<TrainableSpectrum> spectra, AdamWOptions options) {
    if (spectra.isEmpty()) {
      throw new FourierException("AdamW needs at least one spectrum to train");
    }
    Set<String> names = new HashSet<>();
    for (TrainableSpectrum spectrum : spectra) {
      if (!names.add(spectrum.name())) {
        throw new FourierException("two trained spectra are named '" + spectrum.name() + "'");
      }
    }
    this.spectra = List.copyOf(spectra);
    this.options = options;
    this.firstMoments = new float[spectra.size()][];
    this.secondMoments = new float[spectra.size()][];
    for (int i = 0; i < spectra.size(); i++) {
      firstMoments[i] = new float[spectra.get(i).nFrequency()];
      secondMoments[i] = new float[spectra.get(i).nFrequency()];
    }
  }

  /** What is trained. */
  public List<TrainableSpectrum> spectra() {
    return spectra;
  }

  /** The hyperparameters. */
  public AdamWOptions options() {
    return options;
  }

  /** Steps made so far. */
  public long steps() {
    return steps;
  }

  /** Makes a step with the learning rate of the options. */
  public void step() {
    step(options.learningRate());
  }

  /**
   * Makes a step from the gathered gradients, leaves these as they are, and gives the new values to
   * the spectra's layers.
   *
   * @param learningRate in place of that of the options, as a schedule says
   */
  public void step(double learningRate) {
    if (!(learningRate >= 0) || Double.isInfinite(learningRate)) {
      throw new FourierException("the learning rate is " + learningRate + "; it must be >= 0");
    }
    steps++;
    double correction1 = 1 - Math.pow(options.beta1(), (double) steps);
    double correction2 = 1 - Math.pow(options.beta2(), (double) steps);
    for (int i = 0; i < firstMoments.length; i++) {
      TrainableSpectrum spectrum = spectra.get(i);
      update(
          spectrum.valueMemory(),
          spectrum.gradientMemory(),
          firstMoments[i],
          secondMoments[i],
          learningRate,
          (float) (-learningRate / correction1),
          (float) Math.sqrt(correction2));
    }
    spectra.forEach(TrainableSpectrum::publish);
  }

  private void update(
      float[] values,
      float[] gradient,
      float[] first,
      float[] second,
      double learningRate,
      float stepSize,
      float secondCorrection) {
    float kept = (float) (1 - learningRate * options.weightDecay());
    float weight1 = (float) (1 - options.beta1());
    float beta2 = (float) options.beta2();
    float weight2 = (float) (1 - options.beta2());
    float epsilon = (float) options.epsilon();
    for (int k = 0; k < values.length; k++) {
      float g = gradient[k];
      first[k] = interpolate(first[k], g, weight1);
      second[k] = Math.fma(weight2 * g, g, second[k] * beta2);
      float denominator = (float) Math.sqrt(second[k]) / secondCorrection + epsilon;
      values[k] = values[k] * kept + stepSize * first[k] / denominator;
    }
  }

  /** {@code torch.lerp}, which starts from the nearer end. */
  private static float interpolate(float start, float end, float weight) {
    return weight < 0.5f
        ? Math.fma(weight, end - start, start)
        : Math.fma(weight - 1, end - start, end);
  }

  float[] firstMoment(int index) {
    return firstMoments[index];
  }

  float[] secondMoment(int index) {
    return secondMoments[index];
  }

  void restoreSteps(long restored) {
    steps = restored;
  }
}
