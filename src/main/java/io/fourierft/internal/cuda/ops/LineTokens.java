package io.fourierft.internal.cuda.ops;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.OperatorPath;
import io.fourierft.internal.cuda.fft.LinePlan;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.kernels.LaunchArguments;
import io.fourierft.internal.cuda.resident.OperatorForm;
import io.fourierft.internal.cuda.resident.ResidentAdapters;
import io.fourierft.internal.cuda.stream.WorkStream;
import org.jspecify.annotations.Nullable;

/**
 * Operators and backward passes on tokens that never leave shared memory between their load and
 * what is added: one launch for any number of tokens and adapters.
 */
public final class LineTokens {
  /**
   * Up to so many coefficients for each number of the longer side, reading their places anew for
   * every token costs less than the passes over memory that it saves.
   */
  private static final int CHEAP_FREQUENCIES_PER_FEATURE = 1;

  /** The same of so few tokens that launches, not passes over memory, are what they wait for. */
  private static final int CHEAP_FREQUENCIES_PER_FEATURE_OF_FEW = 2;

  /** Blocks for each multiprocessor that a group of tokens must leave. */
  private static final long GROUPS_PER_MULTIPROCESSOR = 2;

  /** Chunks that all tokens of a backward pass are cut into at most, enough to fill a GPU. */
  private static final long CHUNKS = 512;

  private final SharedResources shared;
  private final FusedUse use;

  LineTokens(SharedResources shared, FusedUse use) {
    this.shared = shared;
    this.use = use;
  }

  private long mostSharedBytes() {
    return shared.device().kernels().mostSharedBytes();
  }

  /** Whether tokens of both lengths fit shared memory together. */
  private boolean fits(long one, long other) {
    return sharedBytes(one) + sharedBytes(other) <= mostSharedBytes()
        && LinePlan.isServed((int) one)
        && LinePlan.isServed((int) other);
  }

  private static long sharedBytes(long features) {
    return LinePlan.sharedBytes(LinePlan.tokenPoints(features));
  }

  private static boolean isCheap(long features) {
    return LinePlan.isCheap(LinePlan.tokenPoints(features));
  }

  /**
   * Whether tokens of this length are kept as they are for calls to come, since their transform
   * costs nothing where they are used.
   */
  public boolean keepsTokens(int features) {
    return switch (use) {
      case OFF -> false;
      case AUTO -> fits(features, 1) && isCheap(features);
      case ON -> fits(features, 1);
    };
  }

  /**
   * Whether a call on so many tokens goes this way: cuFFT's chain moves a token about three times,
   * and reads the places of the coefficients once for four tokens; this moves it once, and reads
   * them for as many tokens as fit.
   */
  boolean take(OperatorPath wanted, AdapterRouting routing, int tokens) {
    OperatorPath asked =
        wanted == OperatorPath.AUTO && use == FusedUse.ON ? OperatorPath.FUSED : wanted;
    int rows = routing.rows();
    int cols = routing.cols();
    return switch (asked) {
      case STAGED -> false;
      case FUSED -> {
        requireServed(rows, cols);
        yield true;
      }
      case AUTO ->
          use == FusedUse.AUTO
              && fits(rows, cols)
              && isCheap(rows)
              && isCheap(cols)
              && mostFrequencies(routing) <= cheapFrequencies(tokens) * Math.max(rows, cols);
    };
  }

  private int cheapFrequencies(int tokens) {
    return tokens <= shared.device().context().device().multiprocessors()
        ? CHEAP_FREQUENCIES_PER_FEATURE_OF_FEW
        : CHEAP_FREQUENCIES_PER_FEATURE;
  }

  /** The largest number of coefficients of an adapter. */
  static int mostFrequencies(AdapterRouting routing) {
    int most = 0;
    for (FourierAdapter adapter : routing.adapters()) {
      most = Math.max(most, adapter.nFrequency());
    }
    return most;
  }

  private void requireServed(int rows, int cols) {
    if (!fits(rows, cols)) {
      throw new FourierException(
          "the fused path keeps a token and its output in the %d bytes of shared memory of %s, which"
                  .formatted(mostSharedBytes(), shared.device().context().device().name())
              + " adapters of %d x %d do not fit: they need %d bytes, and no prime factor above %d;"
                  .formatted(
                      rows, cols, sharedBytes(rows) + sharedBytes(cols), LinePlan.LARGEST_RADIX)
              + " choose another operator path, or AUTO");
    }
  }

  /**
   * One launch of an operator.
   *
   * @param input device address of the input's plan
   * @param output device address of the output's plan
   * @param operators device address of the operators, and how many
   * @param groups the tokens
   * @param threads of a block
   * @param sharedBytes of a block
   */
  record Application(
      long input,
      long output,
      long operators,
      int adapters,
      TokenGroups groups,
      int threads,
      long sharedBytes) {}

  /** Prepares the operator on tokens {@code first} to {@code first + count - 1}; allocates. */
  Application prepare(
      WorkStream stream, AdapterRouting routing, boolean transposed, int first, int count) {
    ResidentAdapters adapters = shared.adapters();
    int inputs = transposed ? routing.rows() : routing.cols();
    int outputs = transposed ? routing.cols() : routing.rows();
    LinePlan input = adapters.lines().tokenPlan(inputs);
    LinePlan output = adapters.lines().tokenPlan(outputs);
    TokenShares shares = TokenShares.of(routing, first, count);
    int perGroup = perGroup(shares, input, output);
    TokenGroups groups = TokenGroups.of(stream, shares.inChunksOf(perGroup));
    return new Application(
        adapters.lines().tokenLine(stream, inputs),
        adapters.lines().tokenLine(stream, outputs),
        operators(stream, routing, OperatorForm.ofLines(transposed)),
        routing.adapters().size(),
        groups,
        threads(groups, Math.max(input.threads(perGroup), output.threads(perGroup))),
        input.sharedBytes(perGroup) + output.sharedBytes(perGroup));
  }

  private long operators(WorkStream stream, AdapterRouting routing, OperatorForm form) {
    return stream.table(shared.adapters().group(stream, routing.adapters(), form).contents());
  }

  /** As many as there are where a block has a multiprocessor to itself, which no other fills. */
  private int threads(TokenGroups groups, int usual) {
    boolean alone = groups.count() <= shared.device().context().device().multiprocessors();
    return alone ? LinePlan.MOST_THREADS : usual;
  }

  /**
   * As many tokens for a block as leave room for a second one on its multiprocessor, and blocks
   * enough for all of them.
   */
  private int perGroup(TokenShares shares, LinePlan input, LinePlan output) {
    long blocks = GROUPS_PER_MULTIPROCESSOR * shared.device().context().device().multiprocessors();
    int most = LinePlan.MOST_LINES;
    while (most > 1
        && (2 * (input.sharedBytes(most) + output.sharedBytes(most)) > mostSharedBytes()
            || most > shares.mostOfOne()
            || shares.pairs() / most < blocks)) {
      most /= 2;
    }
    return most;
  }

  /** Adds what was prepared to {@code y}. */
  static void apply(WorkStream stream, Application launch, DeviceTokens x, DeviceTokens y) {
    LaunchArguments parameters =
        stream
            .arguments()
            .add(launch.input())
            .add(launch.output())
            .add(launch.operators())
            .add(launch.adapters());
    y.addTo(x.addTo(launch.groups().addTo(parameters)));
    stream.launchLines(
        Kernel.LINE_APPLY,
        launch.groups().count(),
        launch.threads(),
        launch.sharedBytes(),
        parameters);
  }

  /** The cut of a backward pass, which depends on the numbers of tokens alone. */
  static TokenShares chunks(AdapterRouting routing, int first, int count) {
    TokenShares shares = TokenShares.of(routing, first, count);
    return shares.inChunksOf(Math.max(1, Kernel.groups(shares.pairs(), CHUNKS)));
  }

  /** Partial sums of one chunk of tokens. */
  static long partialStride(AdapterRouting routing) {
    if (routing.isPerToken()) {
      return mostFrequencies(routing);
    }
    long all = 0;
    for (FourierAdapter adapter : routing.adapters()) {
      all += adapter.nFrequency();
    }
    return all;
  }

  /**
   * One launch of a backward pass.
   *
   * @param x device address of the plan of x
   * @param g device address of the plan of g
   * @param operators device address of the transposed operators; 0 if gx is not wanted
   * @param products device address of what the products are read from
   * @param adapters how many
   * @param groups the tokens
   * @param threads of a block
   * @param sharedBytes of a block
   */
  record Backward(
      long x,
      long g,
      long operators,
      long products,
      int adapters,
      TokenGroups groups,
      int threads,
      long sharedBytes) {}

  /**
   * Prepares a backward pass; allocates.
   *
   * @param shares from {@link #chunks}
   * @param withInput whether gx is wanted
   */
  Backward prepare(
      WorkStream stream, AdapterRouting routing, TokenShares shares, boolean withInput) {
    ResidentAdapters adapters = shared.adapters();
    LinePlan x = adapters.lines().tokenPlan(routing.cols());
    LinePlan g = adapters.lines().tokenPlan(routing.rows());
    TokenGroups groups = TokenGroups.of(stream, shares);
    return new Backward(
        adapters.lines().tokenLine(stream, routing.cols()),
        adapters.lines().tokenLine(stream, routing.rows()),
        withInput ? operators(stream, routing, OperatorForm.LINE_TRANSPOSED) : 0,
        operators(stream, routing, OperatorForm.LINE_PRODUCTS),
        routing.adapters().size(),
        groups,
        threads(groups, Math.max(x.threads(1), g.threads(1))),
        x.sharedBytes(1) + g.sharedBytes(1));
  }

  /**
   * Adds to {@code gx} what was prepared, and leaves the partial sums of the gradients.
   *
   * @param gx null if it is not wanted
   * @param partials device memory of a float for each group and number of the stride
   */
  static void backward(
      WorkStream stream,
      Backward launch,
      DeviceTokens x,
      DeviceTokens g,
      @Nullable DeviceTokens gx,
      long partials,
      long partialStride) {
    LaunchArguments parameters =
        stream
            .arguments()
            .add(launch.x())
            .add(launch.g())
            .add(launch.operators())
            .add(launch.products())
            .add(launch.adapters());
    g.addTo(x.addTo(launch.groups().addTo(parameters)));
    (gx == null ? new DeviceTokens(0, 0, 0) : gx)
        .addTo(parameters)
        .add(partials)
        .add(partialStride);
    stream.launchLines(
        Kernel.LINE_BACKWARD,
        launch.groups().count(),
        launch.threads(),
        launch.sharedBytes(),
        parameters);
  }
}
