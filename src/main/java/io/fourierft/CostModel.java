package io.fourierft;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

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
   * Measures {@code engine} and its matrix product for some seconds.
   *
   * @param threads as {@link io.fourierft.layer.FourierLinearOptions#threads()}
   */
  public static CostModel measure(FourierEngine engine, int threads) {
    return new CostMeasurement(engine, threads).run();
  }

  /**
   * The figures stored in {@code file}, or, if there is no such file, those of a measurement, which
   * are then stored there.
   *
   * @throws FourierException if the file is not a cost model
   */
  public static CostModel loadOrMeasure(Path file, FourierEngine engine, int threads)
      throws IOException {
    if (Files.exists(file)) {
      return load(file);
    }
    CostModel measured = measure(engine, threads);
    measured.save(file);
    return measured;
  }

  /**
   * Reads what {@link #save} wrote.
   *
   * @throws FourierException if the file is not a cost model, or a figure is missing
   */
  public static CostModel load(Path file) throws IOException {
    return CostModelJson.parse(Files.readString(file), file.toString());
  }

  /** Writes the figures as JSON; a reader never sees a half-written file. */
  public void save(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    Path temporary = Files.createTempFile(folder, "cost-model", ".json");
    try {
      Files.writeString(temporary, CostModelJson.format(this));
      Files.move(
          temporary, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /**
   * The faster of the two paths for one adapter on every token.
   *
   * @param deltaIsCached whether ΔW need not be built
   */
  public AdapterPath choose(
      int rows, int cols, int coefficients, int tokens, boolean deltaIsCached) {
    double dense = productNanos(rows, cols, tokens);
    if (!deltaIsCached) {
      dense += buildNanos(rows, cols, coefficients);
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
