package io.fourierft.internal.cuda.ops;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.cuda.memory.DeviceBytes;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.stream.WorkStream;

/** What is kept of all rows of a matrix for operations to come. */
public final class TransformCall {
  private final SharedResources shared;

  TransformCall(SharedResources shared) {
    this.shared = shared;
  }

  /** Runs on {@code stream}; everything was checked. */
  public void run(WorkStream stream, Matrix x, CudaTokenSpectrum into) {
    boolean asItIs =
        into.keepsTokens() && x instanceof HostMatrix && x.elementType() == ElementType.F32;
    new ChunkedCall(
            shared,
            stream,
            asItIs ? 0 : DeviceTokens.copyBytes(x, 1),
            () -> "keeping tokens of %d features".formatted(x.cols()))
        .run(
            x.rows(),
            (first, count) -> {
              if (asItIs && x instanceof HostMatrix host) {
                HostBytes tokens = HostBytes.of(host.slice(first, count));
                stream.upload(tokens, DeviceBytes.range(into.pointer(first), tokens.bytes()));
                return;
              }
              long bytes = DeviceTokens.copyBytes(x, count);
              long copy = bytes == 0 ? 0 : stream.scratch(bytes);
              if (into.keepsTokens()) {
                DeviceTokens tokens = DeviceTokens.of(stream, x, first, count, copy);
                TokenTransforms.pack(
                    stream, tokens, count, x.cols(), into.pointer(first), x.cols());
              } else {
                TokenTransforms.enqueue(stream, x, first, count, copy, into.pointer(first));
              }
            });
  }
}
