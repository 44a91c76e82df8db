package io.fourierft;

/**
 * Products of tokens with a dense matrix in host memory, in float32 or, if the output is F64, in
 * float64, added to their output: the base weight of a {@link io.fourierft.layer.FourierLinear}, or
 * a ΔW that was built. An engine makes it ({@link FourierEngine#denseProduct}) and must outlive it.
 *
 * <p>The sum of one output element runs in an order that depends on nothing but the shapes, so
 * results do not depend on the number of threads. Numbers that are not finite propagate. Any number
 * of threads may call at once, as long as no two calls write the same memory.
 *
 * <p>Both methods throw {@link ShapeException} before anything is written if shapes do not fit, if
 * the output is neither F32 nor F64, or read-only, or if it overlaps an input.
 */
public interface DenseProduct {
  /**
   * {@code out[t,p] += Σ_q x[t,q]·w[p,q]}.
   *
   * @param x {@code [tokens, in]} of any format
   * @param w {@code [out, in]} of any format
   * @param out F32 or F64 {@code [tokens, out]}
   */
  void addTimesTransposed(HostMatrix x, HostMatrix w, HostMatrix out);

  /**
   * {@code out[t,q] += Σ_p x[t,p]·w[p,q]}.
   *
   * @param x {@code [tokens, in]} of any format
   * @param w {@code [in, out]} of any format
   * @param out F32 or F64 {@code [tokens, out]}
   */
  void addTimes(HostMatrix x, HostMatrix w, HostMatrix out);
}
