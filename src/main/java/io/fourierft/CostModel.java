package io.fourierft;

import java.util.List;
import java.util.function.Predicate;

/**
 * Expected times by which a {@link io.fourierft.layer.FourierLinear} chooses between the spectral
 * operator and a ΔW that is built and multiplied. All figures are nanoseconds of wall time on one
 * machine.
 *
 * <p>For T tokens, n coefficients on each and a layer of M × N, with {@code work(L)} = L·log2 L for
 * a length that the fast transforms take directly and that of the padded convolution otherwise:
 *
 * <pre>
 *   spectral = spectralCall + n·spectralWeight
 *            + T·(spectralTransform·(work(N) + work(M)) + spectralCoefficient·n)
 *   build    = buildCall + buildTransform·(columns·work(M) + M·work(N)/2),  columns = min(n, N/2+1)
 *   product  = productCall + M·N·(productElement + T·productMultiplyAdd) + T·(M + N)·productFeature
 * </pre>
 *
 * @param spectralCall a call of the spectral operator
 * @param spectralWeight taking over one coefficient for a call of the spectral operator
 * @param spectralTransform a unit of transform work of one token
 * @param spectralCoefficient one coefficient on one token
 * @param buildCall a call that builds one ΔW
 * @param buildTransform a unit of transform work of a ΔW
 * @param productCall a call of the product
 * @param productElement reading one element of ΔW
 * @param productFeature moving one number of a token in or out
 * @param productMultiplyAdd one multiply-add of the product
 * @param source where the figures come from, in words
 */
public record CostModel(
    double spectralCall,
    double spectralWeight,
    double spectralTransform,
    double spectralCoefficient,
    double buildCall,
    double buildTransform,
    double productCall,
    double productElement,
    double productFeature,
    double productMultiplyAdd,
    String source) {
  /**
   * Checks the figures.
   *
   * @throws FourierException if one is negative or not finite
   */
  public CostModel {
    requireTime("spectralCall", spectralCall);
    requireTime("spectralWeight", spectralWeight);
    requireTime("spectralTransform", spectralTransform);
    requireTime("spectralCoefficient", spectralCoefficient);
    requireTime("buildCall", buildCall);
    requireTime("buildTransform", buildTransform);
    requireTime("productCall", productCall);
    requireTime("productElement", productElement);
    requireTime("productFeature", productFeature);
    requireTime("productMultiplyAdd", productMultiplyAdd);
  }

  /**
   * Figures of an engine that has none of its own ({@link FourierEngine#costModel}): those of an
   * ordinary two-core server with the JTransforms kernels and products in plain Java. {@link
   * #measure} gives those of this machine.
   */
  public static CostModel defaults() {
    return new CostModel(
        700,
        1.5,
        0.465,
        0.39,
        9_500,
        0.53,
        2_400,
        0.17,
        0.61,
        0.06,
        "fitted to times on two cores of an AMD EPYC and of an Intel Xeon, CPU engine with"
            + " JTransforms, JDK 25");
  }

  /**
   * Measures {@code engine} and its matrix product for some seconds. The figures are plain numbers,
   * for a caller to keep as he keeps his other settings.
   *
   * @param threads as {@link io.fourierft.layer.FourierLinearOptions#threads()}
   */
  public static CostModel measure(FourierEngine engine, int threads) {
    return new CostMeasurement(engine, threads).run();
  }

  /**
   * The faster of the two paths for a pass. Where each token names its own adapter, the tokens are
   * taken to be spread evenly over the adapters.
   *
   * @param deltaIsReady whether the ΔW of an adapter need not be built for this pass
   */
  public AdapterPath choose(
      AdapterRouting routing, int tokens, Predicate<FourierAdapter> deltaIsReady) {
    int rows = routing.rows();
    int cols = routing.cols();
    List<FourierAdapter> adapters = routing.adapters();
    double share = routing.isPerToken() ? 1.0 / adapters.size() : 1;
    double coefficients = 0;
    double dense = 0;
    for (int i = 0; i < adapters.size(); i++) {
      FourierAdapter adapter = adapters.get(i);
      coefficients += share * adapter.nFrequency();
      dense += productNanos(rows, cols, share * tokens);
      if (!deltaIsReady.test(adapter)) {
        dense += buildNanos(rows, cols, adapter.nFrequency());
      }
    }
    return dense < spectralNanos(rows, cols, coefficients, tokens)
        ? AdapterPath.DENSE
        : AdapterPath.SPECTRAL;
  }

  /** Expected time of the spectral operator with {@code coefficients} acting on each token. */
  public double spectralNanos(int rows, int cols, double coefficients, int tokens) {
    return spectralCall
        + spectralWeight * coefficients
        + tokens
            * (spectralTransform * (transformWork(rows) + transformWork(cols))
                + spectralCoefficient * coefficients);
  }

  /** Expected time to build one ΔW on the pruned path. */
  public double buildNanos(int rows, int cols, int coefficients) {
    double columns = Math.min(coefficients, cols / 2 + 1);
    return buildCall + buildTransform * buildWork(rows, cols, columns);
  }

  /** Expected time to multiply the tokens with one ΔW. */
  public double productNanos(int rows, int cols, double tokens) {
    return productCall
        + (double) rows * cols * (productElement + tokens * productMultiplyAdd)
        + tokens * ((double) rows + cols) * productFeature;
  }

  static double buildWork(int rows, int cols, double columns) {
    return columns * transformWork(rows) + rows * transformWork(cols) / 2;
  }

  /** Work of a transform of {@code length} numbers, in units of L·log2 L. */
  static double transformWork(int length) {
    int rest = length;
    for (int factor = 2; factor <= 5; factor++) {
      while (rest % factor == 0) {
        rest /= factor;
      }
    }
    if (rest == 1) {
      return length * log2(Math.max(2, length));
    }
    // Bluestein: a convolution padded to a power of two, two transforms forth and one back.
    double padded = 2.0 * Integer.highestOneBit(Math.max(1, 2 * length - 2));
    return 3 * padded * log2(padded);
  }

  private static double log2(double value) {
    return Math.log(value) / Math.log(2);
  }

  private static void requireTime(String name, double nanos) {
    if (!(nanos >= 0) || Double.isInfinite(nanos)) {
      throw new FourierException(
          "cost model: " + name + " is " + nanos + " ns; it must be finite and not negative");
    }
  }
}
