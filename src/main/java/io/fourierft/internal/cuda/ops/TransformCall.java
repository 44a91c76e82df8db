package io.fourierft.internal.cuda.ops;

import io.fourierft.Matrix;
import io.fourierft.internal.cuda.stream.WorkStream;

/** The transforms of all rows of a matrix, kept for operations to come. */
public final class TransformCall {
  private final SharedResources shared;

  TransformCall(SharedResources shared) {
    this.shared = shared;
  }

  /** Runs on {@code stream}; everything was checked. */
  public void run(WorkStream stream, Matrix x, CudaTokenSpectrum into) {
    new ChunkedCall(
            shared,
            stream,
            TokenTransforms.copyBytes(x, 1),
            () -> "transforming tokens of %d features".formatted(x.cols()))
        .run(
            x.rows(),
            (first, count) -> {
              long copy = stream.scratch(TokenTransforms.copyBytes(x, count));
              TokenTransforms.enqueue(stream, x, first, count, copy, into.pointer(first));
            });
  }
}
