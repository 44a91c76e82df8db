package io.fourierft.training;

import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.layer.FourierLinear;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The coefficients of one adapter while they are trained, and the gradient that gathers for them.
 * Not thread-safe.
 */
public final class TrainableSpectrum {
  private final String name;
  private final float[] values;
  private final float[] gradient;
  private final HostMatrix gradientMatrix;
  private final @Nullable Target target;

  private TrainableSpectrum(String name, float[] values, @Nullable Target target) {
    if (name.isBlank()) {
      throw new FourierException("a trained spectrum needs a name that is not blank");
    }
    if (values.length == 0) {
      throw new FourierException("spectrum '" + name + "' has no coefficients to train");
    }
    this.name = name;
    this.values = values;
    this.gradient = new float[values.length];
    this.gradientMatrix = Matrix.of(gradient, 1, gradient.length);
    this.target = target;
  }

  /**
   * A spectrum of its own, for a caller who puts the values where they belong.
   *
   * @param initial copied
   */
  public static TrainableSpectrum of(String name, float[] initial) {
    return new TrainableSpectrum(name, initial.clone(), null);
  }

  /**
   * The spectrum of a layer's adapter, starting from what the adapter has; {@link #publish} gives
   * the trained values back to it.
   *
   * @param name unlike that of every other spectrum of one training, as in {@code
   *     model.layers.0.self_attn.q_proj}
   */
  public static TrainableSpectrum of(String name, FourierLinear layer, String adapter) {
    return new TrainableSpectrum(
        name, layer.adapter(adapter).spectrum(), new Target(layer, adapter));
  }

  /** The name under which the state of training is stored. */
  public String name() {
    return name;
  }

  /** Number of coefficients. */
  public int nFrequency() {
    return values.length;
  }

  /** A copy of the coefficients. */
  public float[] values() {
    return values.clone();
  }

  /** A copy of the gradient gathered so far. */
  public float[] gradient() {
    return gradient.clone();
  }

  /**
   * The gradient as the F32 {@code [1, n_frequency]} matrix that a backward pass adds to; a view,
   * not a copy.
   */
  public HostMatrix gradientMatrix() {
    return gradientMatrix;
  }

  /** Forgets the gradient. */
  public void clearGradient() {
    Arrays.fill(gradient, 0);
  }

  /** Gives the values to the layer's adapter, if this spectrum has one. */
  public void publish() {
    if (target != null) {
      target.layer.updateSpectrum(target.adapter, values);
    }
  }

  /** The coefficients themselves. */
  float[] valueMemory() {
    return values;
  }

  /** The gradient itself. */
  float[] gradientMemory() {
    return gradient;
  }

  private record Target(FourierLinear layer, String adapter) {}
}
