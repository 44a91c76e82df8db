package io.fourierft.internal.checks;

import io.fourierft.AdapterRouting;
import io.fourierft.EngineClosedException;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.TokenSpectrum;

/** A token spectrum of any engine: whose it is, what fits, and what is in it. */
public abstract class KeptSpectrum implements TokenSpectrum {
  private final Object owner;
  private final int capacity;
  private final int features;
  private volatile int tokens;

  /**
   * An empty spectrum.
   *
   * @param owner the engine, or what stands for it
   */
  protected KeptSpectrum(Object owner, int capacity, int features) {
    if (capacity < 0 || features < 1) {
      throw new ShapeException(
          "a token spectrum needs capacity >= 0 and features >= 1, but got %d and %d"
              .formatted(capacity, features));
    }
    this.owner = owner;
    this.capacity = capacity;
    this.features = features;
  }

  /** Whether its memory has been given back. */
  protected abstract boolean isClosed();

  /**
   * The spectrum as one that {@code owner} made and that is open.
   *
   * @throws ShapeException if another engine made it
   * @throws EngineClosedException if it is closed
   */
  public static <S extends KeptSpectrum> S of(
      Object owner, Class<S> kind, TokenSpectrum spectrum, String name) {
    if (!kind.isInstance(spectrum) || !kind.cast(spectrum).isOf(owner)) {
      throw new ShapeException(
          name + " belongs to another engine; make it with newTokenSpectrum of this one");
    }
    S mine = kind.cast(spectrum);
    if (mine.isClosed()) {
      throw new EngineClosedException(
          name + " was closed, by itself or with its engine; make another with newTokenSpectrum");
    }
    return mine;
  }

  /** Whether {@code other} made this. */
  final boolean isOf(Object other) {
    return owner.equals(other);
  }

  /** Refuses tokens of which it cannot take all. */
  public final void requireRoomFor(Matrix x) {
    if (x.cols() != features) {
      throw new ShapeException(
          "x has %d features, but the token spectrum is for %d".formatted(x.cols(), features));
    }
    if (x.rows() > capacity) {
      throw new ShapeException(
          "x has %d tokens, but the token spectrum holds at most %d".formatted(x.rows(), capacity));
    }
  }

  /** Refuses to be the input of an operator on tokens of other lengths. */
  public final void requireInput(AdapterRouting routing, Direction direction) {
    requireFeatures(direction.input(), direction.inputFeatures(routing));
    CallChecks.requireTokens(routing, tokens, direction.input());
  }

  /** Refuses to be the x of a gradient with respect to spectra, with {@code g} upstream. */
  public final void requireGradient(AdapterRouting routing, KeptSpectrum g) {
    requireInput(routing, Direction.FORWARD);
    g.requireFeatures("g", routing.rows());
    if (tokens != g.tokens) {
      throw new ShapeException("x has %d tokens, but g has %d".formatted(tokens, g.tokens));
    }
  }

  private void requireFeatures(String name, int wanted) {
    if (features != wanted) {
      throw new ShapeException(
          "%s has %d features, but the adapters take %d".formatted(name, features, wanted));
    }
  }

  /** Says how many tokens are in. */
  public final void filled(int newTokens) {
    tokens = newTokens;
  }

  @Override
  public final int capacity() {
    return capacity;
  }

  @Override
  public final int tokens() {
    return tokens;
  }

  @Override
  public final int features() {
    return features;
  }
}
