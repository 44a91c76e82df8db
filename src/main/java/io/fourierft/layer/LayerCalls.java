package io.fourierft.layer;

import io.fourierft.AdapterRouting;
import io.fourierft.EngineClosedException;
import io.fourierft.FourierEngine;
import io.fourierft.Matrix;
import io.fourierft.TokenSpectrum;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The passes of a layer on one engine: checks what they are given, and computes. Thread-safe. */
final class LayerCalls {
  private final FourierEngine engine;
  private final LayerMemory memory;
  private final LayerPass pass;
  private final int inFeatures;
  private final int outFeatures;

  LayerCalls(
      FourierEngine engine, LayerMemory memory, LayerPass pass, int inFeatures, int outFeatures) {
    this.engine = engine;
    this.memory = memory;
    this.pass = pass;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
  }

  /**
   * {@code y = W x + b + ΔW x} with the adapters that {@code routed} names.
   *
   * @param tape null if no backward pass follows
   */
  void forward(
      LayerState now,
      AdapterNames.Routed routed,
      Matrix x,
      Matrix y,
      @Nullable LinearTape tape,
      FourierLinear layer) {
    requireOpen(now);
    LayerShapes.requireFit(memory, x, "x", inFeatures, y, "y", outFeatures, now.weight());
    if (tape == null) {
      pass.forward(now, routed.routing(), x, y, null);
      return;
    }
    tape.requireFit(layer, x.rows());
    tape.clear();
    pass.forward(now, routed.routing(), x, y, tape.inputSpectrum());
    tape.record(now, routed, x.rows());
  }

  /** The gradients of the pass that {@code tape} kept; see {@link FourierLinear#backward}. */
  void backward(
      LayerState recorded,
      LinearTape tape,
      Matrix g,
      @Nullable Matrix gx,
      Map<String, ? extends Matrix> gradients,
      @Nullable Matrix biasGradient) {
    memory.requireHere(g, "g");
    LayerShapes.requireColumns(g, "g", outFeatures);
    LayerShapes.requireTokens(g, "g", tape.tokens());
    if (gx != null) {
      memory.requireHere(gx, "gx");
    }
    AdapterNames.Routed routed = tape.routed();
    GradientPlaces places = tape.gradientPlaces();
    places.require(memory, recorded, routed, gradients, g, gx);
    if (gx != null) {
      LayerShapes.requireFit(memory, g, "g", outFeatures, gx, "gx", inFeatures, recorded.weight());
    }
    if (biasGradient != null) {
      places.requireBias(memory, recorded, routed, biasGradient, g, gx, gradients);
    }
    TrainedAdapters trained = tape.trained(routed.only(gradients.keySet()), gradients);
    TokenSpectrum transformed = tape.gradientSpectrum();
    if (routed.routing() != null) {
      pass.transform(g, transformed);
    }
    if (gx != null) {
      pass.backward(recorded, routed.routing(), g, tape.inputSpectrum(), transformed, gx, trained);
    } else if (trained != null) {
      pass.branch().addGradients(tape.inputSpectrum(), transformed, trained);
    }
    if (biasGradient != null) {
      pass.addTokenSum(g, biasGradient);
    }
    if (trained != null) {
      trained.clear();
    }
  }

  /** Adds only the active adapters' part to {@code y}. */
  void addAdapterOutput(LayerState now, Matrix x, Matrix y) {
    requireOpen(now);
    AdapterRouting routing = now.live().routing();
    if (routing != null) {
      engine.apply(routing, x, y);
    }
  }

  private static void requireOpen(LayerState state) {
    if (state.isClosed()) {
      throw new EngineClosedException("the layer was closed");
    }
  }
}
