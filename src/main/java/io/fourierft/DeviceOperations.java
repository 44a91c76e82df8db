package io.fourierft;

import org.jspecify.annotations.Nullable;

/**
 * What a layer does in the memory of a device beside its adapters: products of tokens with a dense
 * weight, sums over tokens, copies. An engine with a device has it ({@link
 * FourierEngine#deviceOperations}). Nothing waits for the device but {@link #synchronize} and a
 * copy from host memory; work is enqueued where the engine enqueues.
 *
 * <p><b>Products</b> have float32 sums, which are rounded once. They take x and weight of one type,
 * F32, F16 or BF16, and outputs of that type, with rows at any distance of less than 2^31 elements.
 * On CUDA they are cuBLAS's; where that is missing they throw a {@link FourierException} that says
 * what to install, before anything is written.
 *
 * <p>{@link ShapeException} before anything is written for shapes, types, memory that the engine
 * cannot reach, or overlapping memory.
 */
public interface DeviceOperations {
  /**
   * {@code y = round(x·Wᵀ + b)} for every token.
   *
   * @param x {@code [tokens, in]}
   * @param weight {@code [out, in]}, or {@code [in, out]} with layout {@link WeightLayout#IN_OUT}
   * @param bias {@code [1, out]} of the weight's type or F32; null for none
   * @param y {@code [tokens, out]}
   */
  void multiply(Matrix x, Matrix weight, WeightLayout layout, @Nullable Matrix bias, Matrix y);

  /**
   * {@code gx = round(g·W)} for every token, or {@code gx = round(gx + round(g·W))}, each rounding
   * to the type of gx.
   *
   * @param g {@code [tokens, out]}
   * @param weight as in {@link #multiply}
   * @param gx {@code [tokens, in]}
   * @param add whether gx is added to; if not, what it held is not read
   */
  void multiplyTransposed(Matrix g, Matrix weight, WeightLayout layout, Matrix gx, boolean add);

  /**
   * {@code sum[p] += Σ_t g[t,p]}: the gradient of a bias.
   *
   * @param g {@code [tokens, out]}
   * @param sum F32 {@code [1, out]}
   */
  void addTokenSum(Matrix g, Matrix sum);

  /** A dense copy in the memory of the device, of a matrix there or on the host. */
  DeviceMatrix.Owned copyOf(Matrix matrix);

  /** Sets every element to zero. */
  void zero(Matrix matrix);

  /** Refuses a matrix that is not in memory of the engine's device, or whose memory is gone. */
  void requireOnDevice(Matrix matrix, String name);

  /** Refuses an output that shares an element with another matrix. */
  void requireApart(Matrix output, String outputName, Matrix other, String otherName);

  /** Waits until everything enqueued so far is done. */
  void synchronize();
}
