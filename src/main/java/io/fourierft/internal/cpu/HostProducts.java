package io.fourierft.internal.cpu;

import io.fourierft.DenseProduct;
import io.fourierft.internal.host.IdleStack;

/** The dense products of one engine, on its threads: in float32 by its kernels, or in float64. */
final class HostProducts {
  private final EngineCore core;
  private final CallGate gate;
  private final IdleStack<ProductCall> floatCalls;
  private final IdleStack<ProductCall> doubleCalls;

  HostProducts(EngineCore core, CallGate gate) {
    this.core = core;
    this.gate = gate;
    int threads = core.pool().threads();
    floatCalls = new IdleStack<>(() -> new ProductCall(core, core.kernels().newProduct(threads)));
    doubleCalls = new IdleStack<>(() -> new ProductCall(core, new DoubleProduct()));
  }

  /** A product of at most so many threads; 0 for all of the engine. */
  DenseProduct product(int threads) {
    int most = threads == 0 ? core.pool().threads() : threads;
    return new CpuDenseProduct(gate, floatCalls, doubleCalls, most);
  }

  /** Forgets the memory of past calls. */
  void clear() {
    floatCalls.clear();
    doubleCalls.clear();
  }
}
