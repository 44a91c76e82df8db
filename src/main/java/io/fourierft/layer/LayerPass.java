package io.fourierft.layer;

import io.fourierft.AdapterRouting;
import io.fourierft.Matrix;
import io.fourierft.TokenSpectrum;
import org.jspecify.annotations.Nullable;

/**
 * The forward and backward arithmetic of a {@link FourierLinear} in one kind of memory, without any
 * state of it: base product, bias, adapters, and the roundings between them in the order of PEFT's
 * {@code FourierFTLinear.forward}. Everything that it is given has been checked. Thread-safe.
 */
sealed interface LayerPass permits HostPass, DevicePass {
  /**
   * Writes {@code y = x Wᵀ + b + ΔW x}.
   *
   * @param kept where the transform of x goes, for a backward pass; null if none follows
   */
  void forward(
      LayerState state,
      @Nullable AdapterRouting routing,
      Matrix x,
      Matrix y,
      @Nullable TokenSpectrum kept);

  /**
   * Writes {@code gx = g W + ΔWᵀ g} and adds the gradients of coefficients.
   *
   * @param x the kept transform of the layer's input
   * @param transformed that of g
   * @param trained null if no coefficients are
   */
  void backward(
      LayerState state,
      @Nullable AdapterRouting routing,
      Matrix g,
      TokenSpectrum x,
      TokenSpectrum transformed,
      Matrix gx,
      @Nullable TrainedAdapters trained);

  /** Transforms activations or upstream gradients. */
  void transform(Matrix activations, TokenSpectrum into);

  /** Adds to F32 {@code gradient} the sum of all tokens of {@code g}: the gradient of the bias. */
  void addTokenSum(Matrix g, Matrix gradient);

  /** The adapters' part. */
  AdapterBranch branch();
}
