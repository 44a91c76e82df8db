package io.fourierft.internal.cuda.ops;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.Matrix;
import io.fourierft.internal.cuda.fft.PlanKey;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.ScratchLayout;
import io.fourierft.internal.cuda.stream.WorkStream;
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
              DeviceTokens from =
                  DeviceTokens.of(stream, upstream, 0, upstream.rows(), scratch + copyAt);
              TokenTransforms.pack(stream, from, rows, cols, half, stride);
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
}
