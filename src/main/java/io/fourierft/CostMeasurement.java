package io.fourierft;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Finds the figures of a {@link CostModel} on this machine. Each time is the median of several runs
 * after a warm-up; each pair of runs differs in one thing, whose cost is the difference.
 */
final class CostMeasurement {
  private static final int SIDE = 1024;
  private static final int SMALL_SIDE = 64;
  private static final int FEW = 1;
  private static final int MANY = 2000;
  private static final int TOKENS = 64;
  private static final int RUNS = 7;

  /** Until it is compiled, code on vectors is slower by a thousand. */
  private static final long FIRST_WARM_UP_NANOS = 150_000_000L;

  private static final long WARM_UP_NANOS = 40_000_000L;

  private final FourierEngine engine;
  private final DenseProduct product;
  private final Random random = new Random(1);
  private long warmUpNanos = FIRST_WARM_UP_NANOS;

  CostMeasurement(FourierEngine engine, int threads) {
    this.engine = engine;
    this.product = engine.denseProduct(threads);
  }

  /** Measures twice: the compiler changes the code of the first round while it runs. */
  CostModel run() {
    var _ = round();
    warmUpNanos = WARM_UP_NANOS;
    return round();
  }

  private CostModel round() {
    // A small layer shows what a call costs: a lone token of a large one is transformed otherwise.
    double smallToken = spectral(SMALL_SIDE, FEW, 1);
    double oneToken = spectral(SIDE, FEW, 1);
    double manyTokens = spectral(SIDE, FEW, TOKENS);
    double manyCoefficients = spectral(SIDE, MANY, TOKENS);
    double perToken = Math.max(0, manyTokens - oneToken) / (TOKENS - 1);
    double perTransform = perToken / (2 * CostModel.transformWork(SIDE));
    double perCoefficient =
        Math.max(0, manyCoefficients - manyTokens) / ((double) TOKENS * (MANY - FEW));
    double smallWithMany = spectral(SMALL_SIDE, MANY, 1);
    double perWeight = Math.max(0, (smallWithMany - smallToken) / (MANY - FEW) - perCoefficient);
    double smallTransforms = perTransform * 2 * CostModel.transformWork(SMALL_SIDE);

    double smallWork = CostModel.buildWork(SMALL_SIDE, SMALL_SIDE, FEW);
    double largeWork = CostModel.buildWork(SIDE, SIDE, SIDE / 2 + 1);
    double small = build(SMALL_SIDE, FEW);
    double large = build(SIDE, MANY);
    double perWork = Math.max(0, large - small) / (largeWork - smallWork);

    double elements = (double) SIDE * SIDE;
    double smallElements = (double) SMALL_SIDE * SMALL_SIDE;
    double smallOne = multiply(SMALL_SIDE, 1);
    double one = multiply(SIDE, 1);
    double smallPerToken = Math.max(0, multiply(SMALL_SIDE, TOKENS) - smallOne) / (TOKENS - 1);
    double largePerToken = Math.max(0, multiply(SIDE, TOKENS) - one) / (TOKENS - 1);
    // Moving a token in and out grows with its length, multiplying it with that squared.
    double scale = (double) SIDE / SMALL_SIDE;
    double perMultiplyAdd =
        Math.max(0, largePerToken - scale * smallPerToken) / (elements - scale * smallElements);
    double perFeature =
        Math.max(0, smallPerToken - smallElements * perMultiplyAdd) / (2 * SMALL_SIDE);
    // One token: what an element costs to read and to multiply once, apart from the call itself.
    double perElement = Math.max(0, one - smallOne) / (elements - smallElements);
    return new CostModel(
        Math.max(0, smallToken - smallTransforms),
        perWeight,
        perTransform,
        perCoefficient,
        Math.max(0, small - perWork * smallWork),
        perWork,
        Math.max(0, smallOne - perElement * smallElements),
        Math.max(0, perElement - perMultiplyAdd),
        perFeature,
        perMultiplyAdd,
        "measured on engine %s, %s, Java %s"
            .formatted(
                engine.name(), System.getProperty("os.arch"), System.getProperty("java.version")));
  }

  private double spectral(int side, int coefficients, int tokens) {
    AdapterRouting routing = AdapterRouting.all(adapter(side, coefficients));
    HostMatrix x = Matrix.of(gaussians(tokens * side), tokens, side);
    HostMatrix y = Matrix.of(new float[tokens * side], tokens, side);
    return median(() -> engine.apply(routing, x, y));
  }

  private double build(int side, int coefficients) {
    List<FourierAdapter> adapters = List.of(adapter(side, coefficients));
    List<HostMatrix> out = List.of(Matrix.of(new float[side * side], side, side));
    return median(() -> engine.deltaWeights(adapters, out, DensePath.PRUNED));
  }

  private double multiply(int side, int tokens) {
    HostMatrix x = Matrix.of(gaussians(tokens * side), tokens, side);
    HostMatrix w = Matrix.of(gaussians(side * side), side, side);
    HostMatrix y = Matrix.of(new float[tokens * side], tokens, side);
    return median(() -> product.addTimesTransposed(x, w, y));
  }

  private FourierAdapter adapter(int side, int coefficients) {
    return FourierAdapter.of(
        SpectralLocations.of(side, side, coefficients, 1), gaussians(coefficients), 150);
  }

  private float[] gaussians(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private double median(Runnable work) {
    long start = System.nanoTime();
    do {
      work.run();
    } while (System.nanoTime() - start < warmUpNanos);
    long[] times = new long[RUNS];
    for (int i = 0; i < RUNS; i++) {
      long before = System.nanoTime();
      work.run();
      times[i] = System.nanoTime() - before;
    }
    Arrays.sort(times);
    return times[RUNS / 2];
  }
}
