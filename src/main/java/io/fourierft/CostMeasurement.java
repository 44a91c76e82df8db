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
  private static final long WARM_UP_NANOS = 40_000_000L;

  private final FourierEngine engine;
  private final BaseProduct product;
  private final Random random = new Random(1);

  CostMeasurement(FourierEngine engine, int threads) {
    this.engine = engine;
    this.product = new BaseProduct(new RangeExecutor(threads), Shelf.ofArrays());
  }

  /** Measures twice: the compiler changes the code of the first round while it runs. */
  CostModel run() {
    var unused = round();
    return round();
  }

  private CostModel round() {
    double work = 2 * CostModel.transformWork(SIDE);
    double oneToken = spectral(FEW, 1);
    double manyTokens = spectral(FEW, TOKENS);
    double manyCoefficients = spectral(MANY, TOKENS);
    double perToken = Math.max(0, manyTokens - oneToken) / (TOKENS - 1);
    double perCoefficient =
        Math.max(0, manyCoefficients - manyTokens) / ((double) TOKENS * (MANY - FEW));

    double smallWork = CostModel.buildWork(SMALL_SIDE, SMALL_SIDE, FEW);
    double largeWork = CostModel.buildWork(SIDE, SIDE, SIDE / 2 + 1);
    double small = build(SMALL_SIDE, FEW);
    double large = build(SIDE, MANY);
    double perWork = Math.max(0, large - small) / (largeWork - smallWork);

    double elements = (double) SIDE * SIDE;
    double smallElements = (double) SMALL_SIDE * SMALL_SIDE;
    double smallOne = multiply(SMALL_SIDE, 1);
    double one = multiply(SIDE, 1);
    double many = multiply(SIDE, TOKENS);
    double perMultiplyAdd = Math.max(0, many - one) / (elements * (TOKENS - 1));
    // One token: what an element costs to read and to multiply once, apart from the call itself.
    double perElement = Math.max(0, one - smallOne) / (elements - smallElements);
    return new CostModel(
        Math.max(0, oneToken - perToken),
        perToken / work,
        perCoefficient,
        Math.max(0, small - perWork * smallWork),
        perWork,
        Math.max(0, smallOne - perElement * smallElements),
        Math.max(0, perElement - perMultiplyAdd),
        perMultiplyAdd,
        "measured on engine %s, %s, Java %s"
            .formatted(
                engine.name(), System.getProperty("os.arch"), System.getProperty("java.version")));
  }

  private double spectral(int coefficients, int tokens) {
    AdapterRouting routing = AdapterRouting.all(adapter(SIDE, coefficients));
    HostMatrix x = activations(tokens);
    HostMatrix y = Matrix.of(new float[tokens * SIDE], tokens, SIDE);
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

  private HostMatrix activations(int rows) {
    return Matrix.of(gaussians(rows * SIDE), rows, SIDE);
  }

  private float[] gaussians(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double median(Runnable work) {
    long start = System.nanoTime();
    do {
      work.run();
    } while (System.nanoTime() - start < WARM_UP_NANOS);
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
