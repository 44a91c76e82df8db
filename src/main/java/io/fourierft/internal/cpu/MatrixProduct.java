package io.fourierft.internal.cpu;

import io.fourierft.HostMatrix;

/**
 * One product of tokens with a dense matrix in the making: {@link #begin}, then every packing task
 * in any order on any threads, then, when all are done, every multiplying task. How an output
 * element is summed does not depend on the tasks. Buffers between the two steps belong to this
 * object and are reused.
 */
public interface MatrixProduct {
  /** Most tokens of one product; a larger batch is cut. */
  int mostTokens();

  /**
   * Prepares {@code out[t,p] += Σ_q x[t,q]·w[p,q]}, or {@code Σ_q x[t,q]·w[q,p]} if w is {@code
   * transposed}, for tokens {@code first .. first + count − 1}. Everything has been checked.
   *
   * @param count 1 to {@link #mostTokens}
   */
  void begin(HostMatrix x, int first, int count, HostMatrix w, boolean transposed, HostMatrix out);

  /** Tasks of the first step, at least 1. */
  int packingTasks();

  /** Brings some tokens into the order in which they are read. */
  void pack(int task, Workspace workspace);

  /** Tasks of the second step, at least 1. */
  int multiplyingTasks();

  /** Computes some columns of the output. */
  void multiply(int task, Workspace workspace);

  /** Lets go of the matrices. */
  void end();
}
