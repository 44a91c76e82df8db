package io.fourierft.internal.cpu;

import io.fourierft.DenseProduct;
import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.ShapeException;
import io.fourierft.internal.host.IdleStack;

/** Products in float32 or float64, on the threads of an engine. */
final class CpuDenseProduct implements DenseProduct {
  private final HostChecks checks = new HostChecks();
  private final CallGate gate;
  private final IdleStack<ProductCall> floatCalls;
  private final IdleStack<ProductCall> doubleCalls;
  private final int threads;

  CpuDenseProduct(
      CallGate gate,
      IdleStack<ProductCall> floatCalls,
      IdleStack<ProductCall> doubleCalls,
      int threads) {
    this.gate = gate;
    this.floatCalls = floatCalls;
    this.doubleCalls = doubleCalls;
    this.threads = threads;
  }

  @Override
  public void addTimesTransposed(HostMatrix x, HostMatrix w, HostMatrix out) {
    add(x, w, false, out);
  }

  @Override
  public void addTimes(HostMatrix x, HostMatrix w, HostMatrix out) {
    add(x, w, true, out);
  }

  private void add(HostMatrix x, HostMatrix w, boolean transposed, HostMatrix out) {
    gate.enter();
    try {
      int inputs = transposed ? w.rows() : w.cols();
      int outputs = transposed ? w.cols() : w.rows();
      checks.reachable(w, "w");
      checks.shaped(x, "x", x.rows(), inputs);
      checks.output(out, "out", x.rows(), outputs);
      boolean isDouble = out.elementType() == ElementType.F64;
      if (!isDouble && out.elementType() != ElementType.F32) {
        throw new ShapeException("out is " + out.elementType() + ", but must be F32 or F64");
      }
      checks.requireApart(out, "out", x, "x");
      checks.requireApart(out, "out", w, "w");
      if (x.rows() == 0) {
        return;
      }
      IdleStack<ProductCall> calls = isDouble ? doubleCalls : floatCalls;
      ProductCall call = calls.take();
      call.run(x, w, transposed, out, threads);
      calls.give(call);
    } finally {
      gate.leave();
    }
  }
}
