package io.fourierft.layer;

import io.fourierft.HostMatrix;
import io.fourierft.internal.host.MatrixRows;
import io.fourierft.internal.host.RangeExecutor;

/** The products of {@link BaseProduct} in float64, for layers whose weight is F64. Thread-safe. */
final class DoubleProduct {
  private static final long PARALLEL_FROM = 1 << 16;

  private final RangeExecutor executor;

  DoubleProduct(RangeExecutor executor) {
    this.executor = executor;
  }

  /**
   * {@code out[t,p] += Σ_q x[t,q]·w[p,q]}, or with w transposed {@code out[t,p] += Σ_q
   * x[t,q]·w[q,p]}.
   *
   * @param out F64 {@code [tokens, outputs]}
   */
  void add(HostMatrix x, HostMatrix w, boolean transposed, HostMatrix out) {
    int outputs = out.cols();
    boolean parallel =
        (long) x.rows() * w.rows() * w.cols() >= PARALLEL_FROM
            && RangeExecutor.shareable(x)
            && RangeExecutor.shareable(w)
            && RangeExecutor.shareable(out);
    executor.run(
        x.rows(),
        parallel,
        t -> {
          double[] token = new double[x.cols()];
          for (int q = 0; q < token.length; q++) {
            token[q] = MatrixRows.get(x, t, q);
          }
          for (int p = 0; p < outputs; p++) {
            double sum = MatrixRows.get(out, t, p);
            for (int q = 0; q < token.length; q++) {
              sum += token[q] * (transposed ? MatrixRows.get(w, q, p) : MatrixRows.get(w, p, q));
            }
            MatrixRows.set(out, t, p, sum);
          }
        });
  }
}
