package io.fourierft;

import io.fourierft.internal.selection.EngineChooser;
import java.util.List;

/**
 * Computes with FourierFT adapters on one device.
 *
 * <p><b>Shapes.</b> For an adapter of {@code rows} = out_features by {@code cols} = in_features, x
 * and gx are {@code [tokens, cols]}, y and g are {@code [tokens, rows]}, ΔW is {@code [rows,
 * cols]}, all row-major {@link Matrix} views of any stride. The spectral operations never build ΔW:
 * they cost {@code tokens · (cols·log cols + rows·log rows + n)}.
 *
 * <p><b>Accumulation.</b> {@link #apply}, {@link #applyTransposed}, {@link #spectrumGradient},
 * {@link #backward} and {@link #spectrumGradientFromDelta} add to what their output holds; {@link
 * #deltaWeights} writes.
 *
 * <p><b>Numbers.</b> Arithmetic is float32, the relative Frobenius error of a ΔW against float64 at
 * most 1e-6. Coefficients and activations that are not finite propagate. Zero tokens are allowed
 * and do nothing. Results do not depend on the number of threads.
 *
 * <p><b>Threads.</b> Every method may be called from any number of threads at once, as long as no
 * two calls write the same memory.
 *
 * <p><b>Errors.</b> All methods throw {@link ShapeException} before anything is written if shapes,
 * element types or the memory's kind do not fit, or if an output overlaps an input, and {@link
 * EngineClosedException} after {@link #close}.
 */
public interface FourierEngine extends AutoCloseable {
  /** The first engine that this machine has: CUDA, else the CPU; {@link #selection} says why. */
  static FourierEngine create() {
    return create(EngineOptions.defaults());
  }

  /**
   * The engine that the options ask for. With device {@code auto}, an engine that is there but
   * fails to open is passed over, and {@link #selection} has the reason. The log of this class says
   * in one line which engine was taken and why: at INFO, or at WARNING where a GPU is present but
   * not used.
   *
   * @throws EngineUnavailableException if a forced device cannot be had; it lists why
   * @throws FourierException if a forced device is there but fails to open, of the engine's own
   *     type
   */
  static FourierEngine create(EngineOptions options) {
    return EngineChooser.installed().open(options);
  }

  /** {@code cpu}, or {@code cuda:N}. */
  String name();

  /** How this engine came to be chosen. */
  EngineSelection selection();

  /**
   * Writes {@code out.get(i) = ΔW of adapters.get(i)} for each i, on the best path.
   *
   * @param adapters any shapes; those of one shape are computed together
   * @param out one {@code [rows, cols]} matrix each, rounded to its own element type
   */
  default void deltaWeights(List<FourierAdapter> adapters, List<? extends Matrix> out) {
    deltaWeights(adapters, out, DensePath.AUTO);
  }

  /** The same on a path of the caller's choice. */
  void deltaWeights(List<FourierAdapter> adapters, List<? extends Matrix> out, DensePath path);

  /** The ΔW of one adapter in a new F32 matrix on the heap. */
  default HostMatrix deltaWeight(FourierAdapter adapter) {
    long elements = (long) adapter.rows() * adapter.cols();
    if (elements > Integer.MAX_VALUE - 8) {
      throw new ShapeException(
          "a delta of %d x %d does not fit a Java array; give deltaWeights memory of your own"
              .formatted(adapter.rows(), adapter.cols()));
    }
    HostMatrix out = Matrix.of(new float[(int) elements], adapter.rows(), adapter.cols());
    deltaWeights(List.of(adapter), List.of(out));
    return out;
  }

  /**
   * {@code weight = round(weight + sign·ΔW)}: the sum in float32 (float64 for an F64 weight),
   * rounded once to the weight's element type, as PEFT merges.
   *
   * @param weight {@code [rows, cols]} with layout {@link WeightLayout#OUT_IN}, {@code [cols,
   *     rows]} with {@link WeightLayout#IN_OUT}
   * @param addition whether ΔW is added or taken off
   */
  void addDelta(FourierAdapter adapter, Matrix weight, WeightLayout layout, Addition addition);

  /** The same, and measures what it did; a little slower. */
  AdditionReport addDeltaReporting(
      FourierAdapter adapter, Matrix weight, WeightLayout layout, Addition addition);

  /** Room for the transforms of {@code capacity} tokens of {@code features} numbers. */
  TokenSpectrum newTokenSpectrum(int capacity, int features);

  /**
   * Fills {@code into} with the transform of {@code x}, which may be activations or upstream
   * gradients.
   *
   * @param x {@code [tokens, features]}, F32, F16 or BF16
   */
  void transform(Matrix x, TokenSpectrum into);

  /** {@code y += ΔW x} for every token, with the adapters that {@code routing} gives it. */
  default void apply(AdapterRouting routing, Matrix x, Matrix y) {
    apply(routing, x, y, OperatorPath.AUTO);
  }

  /** The same on a path of the caller's choice. */
  void apply(AdapterRouting routing, Matrix x, Matrix y, OperatorPath path);

  /** The same from the kept transform of x. */
  void apply(AdapterRouting routing, TokenSpectrum x, Matrix y);

  /** {@code gx += ΔWᵀ g} for every token. */
  default void applyTransposed(AdapterRouting routing, Matrix g, Matrix gx) {
    applyTransposed(routing, g, gx, OperatorPath.AUTO);
  }

  /** The same on a path of the caller's choice. */
  void applyTransposed(AdapterRouting routing, Matrix g, Matrix gx, OperatorPath path);

  /** The same from the kept transform of g. */
  void applyTransposed(AdapterRouting routing, TokenSpectrum g, Matrix gx);

  /**
   * Adds to {@code gradients.get(i)} the gradient of adapter i's coefficients, summed over the
   * tokens that it acts on.
   *
   * @param x the layer's input
   * @param g the upstream gradient of its output
   * @param gradients one F32 {@code [1, n_frequency]} matrix for each adapter of the routing
   */
  void spectrumGradient(
      AdapterRouting routing, Matrix x, Matrix g, List<? extends Matrix> gradients);

  /** The same from the kept transforms of x and g. */
  void spectrumGradient(
      AdapterRouting routing, TokenSpectrum x, TokenSpectrum g, List<? extends Matrix> gradients);

  /**
   * A whole backward pass: {@link #applyTransposed} and {@link #spectrumGradient} in one, which
   * reads x and g once where the engine can. Nothing of the forward pass has to be kept but x.
   *
   * @param x the layer's input
   * @param g the upstream gradient of its output
   * @param gx {@code gx += ΔWᵀ g}
   * @param gradients one F32 {@code [1, n_frequency]} matrix for each adapter of the routing
   */
  default void backward(
      AdapterRouting routing, Matrix x, Matrix g, Matrix gx, List<? extends Matrix> gradients) {
    backward(routing, x, g, gx, gradients, OperatorPath.AUTO);
  }

  /** The same on a path of the caller's choice. */
  void backward(
      AdapterRouting routing,
      Matrix x,
      Matrix g,
      Matrix gx,
      List<? extends Matrix> gradients,
      OperatorPath path);

  /** The same from the kept transforms of x and g. */
  void backward(
      AdapterRouting routing,
      TokenSpectrum x,
      TokenSpectrum g,
      Matrix gx,
      List<? extends Matrix> gradients);

  /**
   * Adds to {@code gradient} the gradient of the coefficients for a dense upstream gradient of ΔW:
   * {@code scaling · Re(ifft2(H))[u[k], v[k]]}.
   *
   * @param deltaGradient H, {@code [rows, cols]}
   * @param gradient F32 {@code [1, n_frequency]}
   */
  void spectrumGradientFromDelta(FourierAdapter adapter, Matrix deltaGradient, Matrix gradient);

  /**
   * Products with dense matrices in host memory.
   *
   * @param threads most threads that compute; 0 for as many as the engine has
   */
  DenseProduct denseProduct(int threads);

  /**
   * Dense products and copies in the memory of this engine's device.
   *
   * @throws FourierException if it has none
   */
  default DeviceOperations deviceOperations() {
    throw new FourierException("engine " + name() + " has no device memory");
  }

  /**
   * Ordinary figures of this engine, by which a {@link io.fourierft.layer.FourierLinear} chooses
   * its path unless its options have others; {@link CostModel#measure} gives those of this machine.
   */
  default CostModel costModel() {
    return CostModel.defaults();
  }

  /** Frees all that the engine holds; waits for running calls. A second call does nothing. */
  @Override
  void close();

  /** Direction of a merge. */
  enum Addition {
    /** W + ΔW: merge. */
    ADD,
    /** W − ΔW: unmerge. */
    SUBTRACT
  }
}
