package io.fourierft.internal.cpu;

import io.fourierft.DenseProduct;
import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.ShapeException;

/** Products by a kernel set, on the threads of the engine. */
final class CpuDenseProduct implements DenseProduct {
  private final HostChecks checks = new HostChecks();
  private final CallGate gate;
  private final IdleStack<ProductCall> calls;
  private final int threads;

  CpuDenseProduct(CallGate gate, IdleStack<ProductCall> calls, int threads) {
    this.gate = gate;
    this.calls = calls;
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
      if (out.elementType() != ElementType.F32) {
        throw new ShapeException("out is " + out.elementType() + ", but must be F32");
      }
      checks.requireApart(out, "out", x, "x");
      checks.requireApart(out, "out", w, "w");
      if (x.rows() == 0) {
        return;
      }
      ProductCall call = calls.take();
      call.run(x, w, transposed, out, threads);
      calls.give(call);
    } finally {
      gate.leave();
    }
  }
}
