package io.fourierft.layer;

import io.fourierft.AdapterRouting;
import io.fourierft.DenseProduct;
import io.fourierft.ElementType;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.TokenSpectrum;
import io.fourierft.WeightLayout;
import io.fourierft.internal.host.IdleStack;
import io.fourierft.internal.host.ScratchArray;
import io.fourierft.internal.host.ScratchArrays;
import org.jspecify.annotations.Nullable;

/** A layer's passes in host memory; once their memory is there, they allocate nothing. */
final class HostPass implements LayerPass {
  private final FourierEngine engine;
  private final AdapterBranch branch;
  private final ScratchArrays scratch;
  private final IdleStack<HostCall> calls;

  /**
   * Made for one layer.
   *
   * @param cache keeps ΔW between passes; null for none
   */
  HostPass(
      FourierEngine engine,
      FourierLinearOptions options,
      ScratchArrays scratch,
      @Nullable DeltaCache cache) {
    this.engine = engine;
    this.scratch = scratch;
    DenseProduct product = engine.denseProduct(options.threads());
    boolean transposedWeight = options.layout() == WeightLayout.IN_OUT;
    AdapterBranch made =
        new AdapterBranch(engine, options, new DenseBranch(engine, product, scratch, cache));
    this.branch = made;
    this.calls = new IdleStack<>(() -> new HostCall(made, product, transposedWeight, scratch));
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
    Matrix bias = state.bias();
    HostCall call = calls.take();
    call.forward(
        HostMemory.host(state.weight()),
        bias == null ? null : HostMemory.host(bias),
        routing,
        HostMemory.host(x),
        HostMemory.host(y),
        kept);
    calls.give(call);
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
    HostCall call = calls.take();
    call.backward(
        HostMemory.host(state.weight()),
        routing,
        HostMemory.host(g),
        x,
        transformed,
        HostMemory.host(gx),
        trained);
    calls.give(call);
  }

  /** Those of 64 bits are narrowed first. */
  @Override
  public void transform(Matrix activations, TokenSpectrum into) {
    if (activations.elementType() != ElementType.F64) {
      engine.transform(activations, into);
      return;
    }
    ScratchArray memory = scratch.take(activations.rows(), activations.cols());
    HostCall call = calls.take();
    HostMatrix narrowed = call.narrowed(HostMemory.host(activations), memory);
    calls.give(call);
    engine.transform(narrowed, into);
    scratch.give(memory);
  }

  @Override
  public void addTokenSum(Matrix upstream, Matrix target) {
    HostCall call = calls.take();
    call.addTokenSum(HostMemory.host(upstream), HostMemory.host(target));
    calls.give(call);
  }
}
