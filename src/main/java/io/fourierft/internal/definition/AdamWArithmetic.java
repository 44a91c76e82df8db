package io.fourierft.internal.definition;

import java.util.Arrays;

/**
 * The arithmetic of a step of training, as {@code torch.optim.AdamW} on a CPU has it ({@code
 * torch/optim/adam.py}, {@code _single_tensor_adam}), fused multiply-adds included. {@code
 * native/kernels/optimizer.cu} does the same IEEE operations in the same order, so that both give
 * the same bits: a change here is a change there.
 *
 * <p>The order in which the gradients' squares are added is part of it: every tensor is cut into
 * {@link #SEGMENT} elements, each segment is {@link #sum summed} by {@link #LANES} lanes, and so
 * are the segments' sums.
 */
public final class AdamWArithmetic {
  /** Elements of a tensor that are taken together: FOURIERFT_SEGMENT. */
  public static final int SEGMENT = 1024;

  /** Sums that are gathered side by side: FOURIERFT_BLOCK. */
  public static final int LANES = 256;

  private static final double CLIPPING_EPSILON = 1e-6;

  private AdamWArithmetic() {}

  /** Segments of so many elements. */
  public static long segments(long elements) {
    return (elements + SEGMENT - 1) / SEGMENT;
  }

  /**
   * The sum of squares of a segment of gradients, each multiplied by {@code share} first, in
   * float64.
   */
  public static double squares(float[] gradient, int count, float share, double[] lanes) {
    Arrays.fill(lanes, 0);
    for (int from = 0; from < count; from += LANES) {
      int end = Math.min(LANES, count - from);
      for (int lane = 0; lane < end; lane++) {
        float g = gradient[from + lane] * share;
        lanes[lane] += (double) g * g;
      }
    }
    return merge(lanes);
  }

  /** The sum of {@code values}: lane l takes every 256th from l on, then lanes merge pairwise. */
  public static double sum(double[] values) {
    double[] lanes = new double[LANES];
    for (int i = 0; i < values.length; i++) {
      lanes[i % LANES] += values[i];
    }
    return merge(lanes);
  }

  private static double merge(double[] lanes) {
    for (int width = LANES / 2; width > 0; width /= 2) {
      for (int lane = 0; lane < width; lane++) {
        lanes[lane] += lanes[lane + width];
      }
    }
    return lanes[0];
  }

  /** What gradients of that finite norm are multiplied by, as by {@code clip_grad_norm_}. */
  public static float clipping(double norm, double maxNorm) {
    return (float) Math.min(1, maxNorm / (norm + CLIPPING_EPSILON));
  }

  /** {@code 1 − βᵗ}, by repeated squaring. */
  public static double biasCorrection(double beta, long step) {
    double power = 1;
    double square = beta;
    for (long left = step; left > 0; left >>= 1) {
      if ((left & 1) != 0) {
        power *= square;
      }
      square *= square;
    }
    return 1 - power;
  }

  /** What a value is multiplied by before a step. */
  public static float decay(double learningRate, double weightDecay) {
    return (float) (1 - learningRate * weightDecay);
  }

  /**
   * What a step has the same for all parameters.
   *
   * @param share of each gathered batch in the gradient
   * @param clip what {@link #clipping} gave
   * @param firstWeight 1 − β₁
   * @param secondDecay β₂
   * @param secondWeight 1 − β₂
   * @param epsilon ε
   * @param correction1 1 − β₁ᵗ
   * @param secondCorrection √(1 − β₂ᵗ)
   */
  public record Step(
      float share,
      float clip,
      float firstWeight,
      float secondDecay,
      float secondWeight,
      float epsilon,
      double correction1,
      float secondCorrection) {
    /** Step {@code step}, counted from 1, of gradients of that finite norm. */
    public static Step of(
        double beta1,
        double beta2,
        double epsilon,
        long step,
        float share,
        double norm,
        double maxNorm) {
      return new Step(
          share,
          clipping(norm, maxNorm),
          (float) (1 - beta1),
          (float) beta2,
          (float) (1 - beta2),
          (float) epsilon,
          biasCorrection(beta1, step),
          (float) Math.sqrt(biasCorrection(beta2, step)));
    }

    /** The factor, negative, on the first moment. */
    public float stepSize(double learningRate) {
      return (float) (-learningRate / correction1);
    }

    /**
     * Makes the step for {@code count} elements.
     *
     * @param values updated
     * @param gradient of as many batches as were gathered
     * @param first exp_avg from {@code at} on, updated
     * @param second exp_avg_sq from {@code at} on, updated
     */
    public void apply(
        float[] values,
        float[] gradient,
        float[] first,
        float[] second,
        int at,
        int count,
        float decay,
        float stepSize) {
      for (int k = 0; k < count; k++) {
        float g = gradient[k] * share * clip;
        float mean = interpolate(first[at + k], g, firstWeight);
        float square = Math.fma(secondWeight * g, g, second[at + k] * secondDecay);
        first[at + k] = mean;
        second[at + k] = square;
        float denominator = (float) Math.sqrt(square) / secondCorrection + epsilon;
        values[k] = values[k] * decay + stepSize * mean / denominator;
      }
    }

    /** {@code torch.lerp}, which starts from the nearer end. */
    private static float interpolate(float start, float end, float weight) {
      return weight < 0.5f
          ? Math.fma(weight, end - start, start)
          : Math.fma(weight - 1, end - start, end);
    }
  }
}
