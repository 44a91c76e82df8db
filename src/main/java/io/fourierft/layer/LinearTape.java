package io.fourierft.layer;

import io.fourierft.AdapterRouting;
import io.fourierft.EngineClosedException;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.TokenSpectrum;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a forward pass of a {@link FourierLinear} leaves for its backward pass: the transform of the
 * input, and the weight and adapters it was computed with, so that a backward pass fits its forward
 * pass even if the layer was changed in between. One forward pass fills it, any number of backward
 * passes may read it, the next forward pass fills it anew.
 *
 * <p>Owned by the caller, used by one thread at a time. Closing gives memory back to the engine.
 */
public final class LinearTape implements AutoCloseable {
  private final FourierLinear layer;
  private final TokenSpectrum inputSpectrum;
  private final TokenSpectrum gradientSpectrum;
  private @Nullable LayerState state;
  private AdapterNames.Routed routed = AdapterNames.Routed.BASE;
  private final TrainedAdapters trained = new TrainedAdapters();
  private final GradientPlaces gradientPlaces = new GradientPlaces();
  private int tokens;
  private boolean closed;

  private LinearTape(
      FourierLinear layer, TokenSpectrum inputSpectrum, TokenSpectrum gradientSpectrum) {
    this.layer = layer;
    this.inputSpectrum = inputSpectrum;
    this.gradientSpectrum = gradientSpectrum;
  }

  static LinearTape of(FourierLinear layer, FourierEngine engine, int capacity) {
    TokenSpectrum input = engine.newTokenSpectrum(capacity, layer.inFeatures());
    try {
      return new LinearTape(layer, input, engine.newTokenSpectrum(capacity, layer.outFeatures()));
    } catch (RuntimeException e) {
      input.close();
      throw e;
    }
  }

  /** Most tokens of a forward pass that this tape can keep. */
  public int capacity() {
    return inputSpectrum.capacity();
  }

  /** Tokens of the last forward pass; 0 before the first. */
  public int tokens() {
    return tokens;
  }

  /** Gives the memory back; a second call does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    state = null;
    routed = AdapterNames.Routed.BASE;
    try {
      inputSpectrum.close();
    } finally {
      gradientSpectrum.close();
    }
  }

  void requireFit(FourierLinear user, int wanted) {
    requireUsable(user);
    if (wanted > capacity()) {
      throw new ShapeException(
          "%d tokens do not fit a tape of %d; make it with newTape(%d)"
              .formatted(wanted, capacity(), wanted));
    }
  }

  void record(LayerState newState, AdapterNames.Routed newRouted, int newTokens) {
    state = newState;
    routed = newRouted;
    tokens = newTokens;
  }

  /** Forgets the last pass, so that a pass that fails half-way leaves no mixture. */
  void clear() {
    state = null;
    routed = AdapterNames.Routed.BASE;
    tokens = 0;
  }

  LayerState recordedState(FourierLinear user) {
    requireUsable(user);
    LayerState recorded = state;
    if (recorded == null) {
      throw new FourierException("the tape is empty; run a forward pass with it first");
    }
    return recorded;
  }

  AdapterNames.Routed routed() {
    return routed;
  }

  /** What is asked of the places for gradients. */
  GradientPlaces gradientPlaces() {
    return gradientPlaces;
  }

  /** The adapters that are trained, with the places of their gradients; null if there are none. */
  @Nullable TrainedAdapters trained(
      AdapterNames.Routed only, Map<String, ? extends Matrix> gradients) {
    AdapterRouting routing = only.routing();
    if (routing == null) {
      return null;
    }
    trained.set(routing, only.names(), gradients);
    return trained;
  }

  TokenSpectrum inputSpectrum() {
    return inputSpectrum;
  }

  TokenSpectrum gradientSpectrum() {
    return gradientSpectrum;
  }

  @SuppressWarnings("ReferenceEquality") // A tape belongs to one layer, and a layer has identity.
  private void requireUsable(FourierLinear user) {
    if (closed) {
      throw new EngineClosedException("the tape was closed; make another with newTape");
    }
    if (layer != user) {
      throw new FourierException("the tape belongs to another layer; make one with newTape");
    }
  }
}
