package io.fourierft.layer;

import io.fourierft.AdapterRouting;
import io.fourierft.DeviceOperations;
import io.fourierft.ElementType;
import io.fourierft.FourierEngine;
import io.fourierft.Matrix;
import io.fourierft.TokenSpectrum;
import io.fourierft.WeightLayout;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/** A layer's arithmetic in the memory of the engine's device; enqueues, and waits for nothing. */
final class DevicePass implements LayerPass {
  private final FourierEngine engine;
  private final DeviceOperations device;
  private final WeightLayout layout;
  private final AdapterBranch branch;

  DevicePass(FourierEngine engine, DeviceOperations device, FourierLinearOptions options) {
    this.engine = engine;
    this.device = device;
    this.layout = options.layout();
    this.branch = new AdapterBranch(engine, options, null);
  }

  @Override
  public AdapterBranch branch() {
    return branch;
  }

  @Override
  public void forward(
      LayerState state,
      @Nullable AdapterRouting routing,
      Matrix x,
      Matrix y,
      @Nullable TokenSpectrum kept) {
    try {
      device.multiply(x, state.weight(), layout, state.bias(), y);
      if (routing != null) {
        branch.add(routing, x, y, kept);
      }
    } finally {
      // Until it is enqueued, nothing else may be known to use a merged weight.
      Reference.reachabilityFence(state);
    }
  }

  @Override
  public void backward(
      LayerState state,
      @Nullable AdapterRouting routing,
      Matrix g,
      TokenSpectrum x,
      TokenSpectrum transformed,
      Matrix gx,
      @Nullable TrainedAdapters trained) {
    try {
      enqueueBackward(state.weight(), routing, g, x, transformed, gx, trained);
    } finally {
      Reference.reachabilityFence(state);
    }
  }

  private void enqueueBackward(
      Matrix weight,
      @Nullable AdapterRouting routing,
      Matrix g,
      TokenSpectrum x,
      TokenSpectrum transformed,
      Matrix gx,
      @Nullable TrainedAdapters trained) {
    // Of 16 bits base and adapters are rounded each before they are added, so these come first.
    boolean adaptersFirst = routing != null && gx.elementType() != ElementType.F32;
    if (adaptersFirst) {
      device.zero(gx);
    } else {
      device.multiplyTransposed(g, weight, layout, gx, false);
    }
    if (routing != null) {
      branch.addBackward(routing, g, x, transformed, gx, trained);
    }
    if (adaptersFirst) {
      device.multiplyTransposed(g, weight, layout, gx, true);
    }
  }

  @Override
  public void transform(Matrix activations, TokenSpectrum into) {
    engine.transform(activations, into);
  }

  @Override
  public void addTokenSum(Matrix g, Matrix gradient) {
    device.addTokenSum(g, gradient);
  }
}
