package io.fourierft.training;

import io.fourierft.FourierException;
import java.util.List;

/** Limits the length of all gradients together. */
public final class GradientClipping {
  private GradientClipping() {}

  /** The Euclidean norm of all gradients as one vector, accumulated in float64. */
  public static double globalNorm(List<TrainableSpectrum> spectra) {
    double sum = 0;
    for (TrainableSpectrum spectrum : spectra) {
      for (float g : spectrum.gradientMemory()) {
        sum += (double) g * g;
      }
    }
    return Math.sqrt(sum);
  }

  /**
   * Multiplies all gradients by {@code min(1, maxNorm/(norm + 1e-6))}, as {@code
   * torch.nn.utils.clip_grad_norm_} with {@code error_if_nonfinite=True}.
   *
   * @param maxNorm greater than 0
   * @return the norm before
   * @throws FourierException if the norm is NaN or infinite; no gradient is changed
   */
  public static double byGlobalNorm(List<TrainableSpectrum> spectra, double maxNorm) {
    if (!(maxNorm > 0)) {
      throw new FourierException("the largest gradient norm is " + maxNorm + "; it must be > 0");
    }
    double norm = globalNorm(spectra);
    if (!Double.isFinite(norm)) {
      throw new FourierException(
          "the gradients' norm is "
              + norm
              + ", so they cannot be clipped; lower the learning rate"
              + " or look for inputs that are not finite");
    }
    float factor = (float) Math.min(1, maxNorm / (norm + 1e-6));
    for (TrainableSpectrum spectrum : spectra) {
      float[] gradient = spectrum.gradientMemory();
      for (int k = 0; k < gradient.length; k++) {
        gradient[k] *= factor;
      }
    }
    return norm;
  }
}
