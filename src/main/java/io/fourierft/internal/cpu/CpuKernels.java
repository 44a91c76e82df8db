package io.fourierft.internal.cpu;

import io.fourierft.CostModel;
import io.fourierft.DensePath;
import io.fourierft.HostMatrix;

/**
 * The arithmetic of the CPU engine: one implementation for each way of computing transforms. The
 * engine validates, cuts the work into tasks, and calls these methods from several threads at once,
 * each with a {@link Workspace} of its own. Nothing here checks arguments or starts threads.
 *
 * <p><b>Tokens</b> come in blocks: block b holds tokens {@code [b*B, min(T, (b+1)*B))} where B is
 * {@link #tokensPerBlock} of T, whatever the number of threads. The transform of a block is one
 * float array of {@link #spectrumFloats} numbers in a layout that only the kernel set knows; it may
 * depend on the number of tokens in the block. It stands for
 *
 * <pre>  X[v] = Σ_q x[q]·e^{+2πi·v·q/features},   v = 0 .. features/2</pre>
 *
 * <p>A token whose activations are not all finite must get a transform that is NaN in every real
 * and imaginary part, so that butterflies with trivial factors cannot hide it.
 */
public interface CpuKernels {
  /** The name in {@code EngineOptions.kernels}. */
  String name();

  /** Scratch memory and plans for one thread. */
  Workspace newWorkspace();

  /**
   * Tokens of one block, at least 1. It never falls as tokens get more, and rises after powers of
   * two alone.
   *
   * @param tokens of the call
   */
  int tokensPerBlock(int tokens);

  /**
   * Length of the array that holds the transforms of one block.
   *
   * @param tokens that the block has at most
   */
  int spectrumFloats(int features, int tokens);

  /**
   * Transforms tokens {@code [first, first + count)} of x, any element type read as float.
   *
   * @param count 1 to {@link #tokensPerBlock}
   * @param spectrum receives the block
   */
  void transform(HostMatrix x, int first, int count, float[] spectrum, Workspace workspace);

  /**
   * For every token of the block, {@code y[t] = round(float(y[t]) + value)}, where the value is the
   * image of its transform under {@code map}: the half spectrum of length {@code map.outLength()/2
   * + 1} gathered through the weighted folds of all adapters (or of the token's own), one C2R,
   * times the scale. Tokens without an adapter are not touched.
   */
  void synthesize(
      SpectralMap map, float[] spectrum, int first, int count, HostMatrix y, Workspace workspace);

  /**
   * {@link #transform} and {@link #synthesize} in one, to the same bits.
   *
   * @param count 1 to {@link #tokensPerApplication}
   */
  default void apply(
      SpectralMap map, HostMatrix x, int first, int count, HostMatrix y, Workspace workspace) {
    float[] spectrum = workspace.inputSpectrum(spectrumFloats(map.inLength(), count));
    transform(x, first, count, spectrum, workspace);
    synthesize(map, spectrum, first, count, y, workspace);
  }

  /**
   * Tokens of one {@link #apply}: {@link #tokensPerBlock} times a whole number. The number of
   * threads may change it, but no result.
   *
   * @param tokens of the call
   * @param threads that share them
   */
  default int tokensPerApplication(int tokens, int threads) {
    return tokensPerBlock(tokens);
  }

  /**
   * Whether {@link #synthesize} reads {@link SpectralMap#weights}; else it takes coefficients as
   * they are, and nothing has to be computed for all of them before the first block.
   *
   * @param perToken whether tokens choose adapters
   * @param tokens of the call
   */
  boolean weighsAdaptersFirst(boolean perToken, int tokens);

  /**
   * For every entry e of adapter a's {@link SpectralFold}, adds to {@code sums[a][e]} the sum over
   * the block's tokens that adapter a acts on of {@code Re x[in]·Re g[out] - sign·Im x[in]·Im
   * g[out]}. Tokens are summed in a fixed order.
   */
  void accumulateGradient(
      SpectralMap map,
      float[] xSpectrum,
      float[] gSpectrum,
      int first,
      int count,
      double[][] sums,
      Workspace workspace);

  /** The path that is fastest for this shape and number of coefficients; not AUTO. */
  DensePath choosePath(int rows, int cols, int nFrequency);

  /** A reusable computation of one ΔW at a time. */
  DenseTransform newDenseTransform();

  /** A reusable computation of one {@code spectrumGradientFromDelta} at a time. */
  DeltaGradient newDeltaGradient();

  /** Ordinary figures of this set for layers to choose their path by. */
  CostModel costModel();

  /**
   * A reusable computation of one product with a dense matrix at a time, in float32.
   *
   * @param threads that may share in it; the results do not depend on it
   */
  MatrixProduct newProduct(int threads);
}
