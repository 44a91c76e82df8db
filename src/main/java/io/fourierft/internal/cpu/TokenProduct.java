package io.fourierft.internal.cpu;

import io.fourierft.HostMatrix;
import io.fourierft.internal.host.ElementRuns;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What products in plain loops share: the matrices between {@link #begin} and {@link #end}, and the
 * tokens read some at a time.
 */
abstract class TokenProduct implements MatrixProduct {
  /** Tokens that one task reads. */
  private static final int PACKED_TOKENS = 8;

  private @Nullable HostMatrix x;
  private @Nullable HostMatrix w;
  private @Nullable HostMatrix out;
  private boolean transposed;
  private int first;
  private int count;

  @Override
  public final void begin(
      HostMatrix newX,
      int newFirst,
      int newCount,
      HostMatrix newW,
      boolean isTransposed,
      HostMatrix newOut) {
    x = newX;
    first = newFirst;
    count = newCount;
    w = newW;
    transposed = isTransposed;
    out = newOut;
    reserve();
  }

  /** Makes room for the tokens. */
  abstract void reserve();

  @Override
  public final int packingTasks() {
    return Math.ceilDiv(count, PACKED_TOKENS);
  }

  @Override
  public final void pack(int task, Workspace workspace) {
    int end = Math.min(count, (task + 1) * PACKED_TOKENS);
    for (int t = task * PACKED_TOKENS; t < end; t++) {
      read(t, workspace.elementRuns());
    }
  }

  /**
   * Reads a token.
   *
   * @param token from 0 to {@link #count} − 1
   */
  abstract void read(int token, ElementRuns runs);

  @Override
  public final void end() {
    x = null;
    w = null;
    out = null;
  }

  /** The tokens, those of other products among them. */
  final HostMatrix x() {
    return Objects.requireNonNull(x);
  }

  final HostMatrix w() {
    return Objects.requireNonNull(w);
  }

  final HostMatrix out() {
    return Objects.requireNonNull(out);
  }

  final boolean transposed() {
    return transposed;
  }

  /** Tokens of this product. */
  final int count() {
    return count;
  }

  /** The row of {@link #x} and {@link #out} in which a token of this product stands. */
  final int row(int token) {
    return first + token;
  }
}
