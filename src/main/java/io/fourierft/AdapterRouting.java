package io.fourierft;

import java.util.Arrays;
import java.util.List;

/**
 * Which adapters act on which tokens of a batch. All adapters have one shape. Immutable.
 *
 * <p>Either every token is changed by the sum of all adapters, or each token names one of them, or
 * none.
 */
public final class AdapterRouting {
  /** In {@link #perToken}: this token is not changed by any adapter. */
  public static final int NONE = -1;

  private static final int[] ALL = {};

  private final List<FourierAdapter> adapters;
  private final int[] choice;
  private final boolean perToken;

  private AdapterRouting(List<FourierAdapter> adapters, int[] choice, boolean perToken) {
    this.adapters = List.copyOf(adapters);
    this.choice = choice;
    this.perToken = perToken;
    for (FourierAdapter adapter : this.adapters) {
      FourierAdapter first = this.adapters.getFirst();
      if (adapter.rows() != first.rows() || adapter.cols() != first.cols()) {
        throw new ShapeException(
            "adapters of one batch must have one shape, but one is %d x %d and another %d x %d"
                .formatted(first.rows(), first.cols(), adapter.rows(), adapter.cols()));
      }
    }
  }

  /** Every token is changed by the sum of {@code active}. */
  public static AdapterRouting all(FourierAdapter... active) {
    return all(List.of(active));
  }

  /**
   * Every token is changed by the sum of {@code active}.
   *
   * @throws ShapeException if the list is empty or the shapes differ
   */
  public static AdapterRouting all(List<FourierAdapter> active) {
    if (active.isEmpty()) {
      throw new ShapeException("a routing needs at least one adapter");
    }
    return new AdapterRouting(active, ALL, false);
  }

  /**
   * Token {@code t} is changed by {@code adapters.get(choice[t])}, or by none where {@code
   * choice[t]} is {@link #NONE}.
   *
   * @throws ShapeException if the list is empty, the shapes differ, or a choice is out of range
   */
  public static AdapterRouting perToken(List<FourierAdapter> adapters, int[] choice) {
    if (adapters.isEmpty()) {
      throw new ShapeException("a routing needs at least one adapter");
    }
    int[] copy = choice.clone();
    for (int t = 0; t < copy.length; t++) {
      if (copy[t] < NONE || copy[t] >= adapters.size()) {
        throw new ShapeException(
            "token %d chooses adapter %d of %d; use 0 to %d, or -1 for none"
                .formatted(t, copy[t], adapters.size(), adapters.size() - 1));
      }
    }
    return new AdapterRouting(adapters, copy, true);
  }

  /** The adapters, in the caller's order. */
  public List<FourierAdapter> adapters() {
    return adapters;
  }

  /** Whether each token has a choice of its own. */
  public boolean isPerToken() {
    return perToken;
  }

  /** The adapter index of token {@code t}, or {@link #NONE}; only of a per-token routing. */
  public int choice(int t) {
    return choice[t];
  }

  /** Tokens that a per-token routing speaks of; −1 if it holds for any number. */
  public int tokens() {
    return perToken ? choice.length : -1;
  }

  /** Output length of every adapter. */
  public int rows() {
    return adapters.getFirst().rows();
  }

  /** Input length of every adapter. */
  public int cols() {
    return adapters.getFirst().cols();
  }

  @Override
  public String toString() {
    return perToken
        ? adapters.size() + " adapters by token " + Arrays.toString(choice)
        : adapters.size() + " adapters on every token";
  }
}
