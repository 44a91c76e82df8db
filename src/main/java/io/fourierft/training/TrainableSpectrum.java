package io.fourierft.training;

import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.LayerGroup;
import io.fourierft.layer.MergeException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The coefficients of one adapter while they are trained, and the gradient that gathers for them.
 * Not thread-safe.
 */
public final class TrainableSpectrum implements TrainableParameter {
  private final String name;
  private final float[] coefficients;
  private final HostMatrix values;
  private final HostMatrix gradient;
  private final @Nullable Target target;

  private TrainableSpectrum(String name, float[] coefficients, @Nullable Target target) {
    if (name.isBlank()) {
      throw new FourierException("a trained spectrum needs a name that is not blank");
    }
    if (coefficients.length == 0) {
      throw new FourierException("spectrum '" + name + "' has no coefficients to train");
    }
    this.name = name;
    this.coefficients = coefficients;
    this.values = Matrix.of(coefficients, 1, coefficients.length);
    this.gradient = Matrix.of(new float[coefficients.length], 1, coefficients.length);
    this.target = target;
  }

  /**
   * A spectrum of its own in host memory, for a caller who puts the values where they belong.
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
   * @param name unlike that of every other parameter of one training, as in {@code
   *     model.layers.0.self_attn.q_proj}
   */
  public static TrainableSpectrum of(String name, FourierLinear layer, String adapter) {
    return new TrainableSpectrum(
        name, layer.adapter(adapter).spectrum(), new Target(layer, adapter));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long size() {
    return coefficients.length;
  }

  /** Number of coefficients. */
  public int nFrequency() {
    return coefficients.length;
  }

  /** The coefficients as F32 {@code [1, n_frequency]}; a view, not a copy. */
  @Override
  public Matrix values() {
    return values;
  }

  /**
   * The gradient as the F32 {@code [1, n_frequency]} matrix that a backward pass adds to; a view,
   * not a copy.
   */
  @Override
  public Matrix gradient() {
    return gradient;
  }

  /** A copy of the coefficients. */
  public float[] spectrum() {
    return Arrays.copyOf(coefficients, coefficients.length);
  }

  /** Gives the values to the layer's adapter, if this spectrum has one. */
  @Override
  public void publish() {
    if (target != null) {
      target.layer.updateSpectrum(target.adapter, coefficients);
    }
  }

  @Override
  public @Nullable LayerGroup group() {
    return target == null ? null : target.layer.group();
  }

  @Override
  public void requirePublishable() {
    if (target != null) {
      target.requireTrainable(name, coefficients.length);
    }
  }

  @Override
  public void close() {
    // Memory of the host goes by itself.
  }

  @Override
  public String toString() {
    return "spectrum '%s' of %d".formatted(name, coefficients.length);
  }

  private record Target(FourierLinear layer, String adapter) {
    void requireTrainable(String name, int nFrequency) {
      if (layer.adapter(adapter).nFrequency() != nFrequency) {
        throw new FourierException(
            "adapter '%s' of layer '%s' has %d coefficients now, but %d are trained; it was replaced"
                .formatted(adapter, name, layer.adapter(adapter).nFrequency(), nFrequency));
      }
      if (layer.mergedAdapters().contains(adapter)) {
        throw new MergeException(
            "adapter '%s' of layer '%s' is merged, so it cannot be trained; unmerge it first"
                .formatted(adapter, name));
      }
    }
  }
}
