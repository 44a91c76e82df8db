package io.fourierft.internal.cuda.ops;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.cuda.fft.PlanKey;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.memory.ScratchLayout;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.ElementCode;
import java.util.List;

/** The gradient of coefficients from a dense upstream gradient of ΔW. */
public final class DenseGradientCall {
  private final SharedResources shared;

  DenseGradientCall(SharedResources shared) {
    this.shared = shared;
  }

  /** Runs on {@code stream}; everything was checked. */
  public void run(WorkStream stream, FourierAdapter adapter, Matrix upstream, Matrix gradient) {
    long rows = adapter.rows();
    long cols = adapter.cols();
    long stride = 2 * PlanKey.half(cols);
    new ChunkedCall(
            shared,
            stream,
            rows * stride * Float.BYTES + DeltaCall.hostBytes(upstream),
            () -> "computing a gradient from one of %d x %d".formatted(rows, cols))
        .run(
            1,
            (_, _) -> {
              ScratchLayout layout = new ScratchLayout();
              long halfAt = layout.add(rows * stride * Float.BYTES);
              long copyAt = layout.add(DeltaCall.hostBytes(upstream));
              GradientTargets targets = new GradientTargets(List.of(gradient), layout);
              long scratch = stream.scratch(layout.bytes());
              long half = scratch + halfAt;
              targets.placeAt(scratch);
              AdapterRouting alone = AdapterRouting.all(adapter);
              long table = targets.table(shared, stream, alone, TokenShares.none());
              pack(stream, upstream, scratch + copyAt, half, stride);
              stream
                  .plans()
                  .execute(new PlanKey(PlanKey.Kind.REAL_TO_HALF_2D, rows, cols, 1), half, half);
              targets.upload(stream);
              long n = adapter.nFrequency();
              targets.begin(stream);
              stream.launch(
                  Kernel.DELTA_GRADIENT,
                  Kernel.groups(n, Kernel.BLOCK),
                  stream.arguments().add(table).add(1L).add(n).add(rows).add(cols).add(half));
              targets.download(stream);
            });
  }

  private static void pack(
      WorkStream stream, Matrix matrix, long copy, long packed, long packedStride) {
    long source = copy;
    long stride = matrix.cols();
    if (matrix instanceof HostMatrix host) {
      stream.upload(HostBytes.of(host), copy);
    } else if (matrix instanceof DeviceView view) {
      source = view.pointer();
      stride = view.stride();
    }
    stream.launch(
        Kernel.PACK,
        matrix.rows() * Kernel.groups(matrix.cols(), Kernel.SEGMENT),
        stream
            .arguments()
            .add(source)
            .add(ElementCode.of(matrix.elementType()))
            .add(stride)
            .add((long) matrix.rows())
            .add((long) matrix.cols())
            .add(packed)
            .add(packedStride));
  }
}
