package io.fourierft.internal.cuda.ops;

import io.fourierft.AdapterRouting;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.cuda.fft.PlanKey;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.memory.ScratchLayout;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.ElementCode;
import io.fourierft.internal.cuda.struct.StructTable;
import org.jspecify.annotations.Nullable;

/** {@code y += ΔW x} or {@code gx += ΔWᵀ g} for every token, without ΔW. */
public final class OperatorCall {
  private final SharedResources shared;

  OperatorCall(SharedResources shared) {
    this.shared = shared;
  }

  /** From activations. Everything was checked. */
  public void run(
      WorkStream stream, AdapterRouting routing, boolean transposed, Matrix x, Matrix y) {
    run(stream, routing, transposed, x, null, x.rows(), y);
  }

  /** From kept transforms. Everything was checked. */
  public void run(
      WorkStream stream,
      AdapterRouting routing,
      boolean transposed,
      CudaTokenSpectrum x,
      Matrix y) {
    run(stream, routing, transposed, null, x, x.tokens(), y);
  }

  private void run(
      WorkStream stream,
      AdapterRouting routing,
      boolean transposed,
      @Nullable Matrix x,
      @Nullable CudaTokenSpectrum kept,
      int tokens,
      Matrix y) {
    long inputs = transposed ? routing.rows() : routing.cols();
    long outputs = transposed ? routing.cols() : routing.rows();
    long inputBytes = x == null ? 0 : CudaTokenSpectrum.bytesPerToken(inputs);
    long outputBytes = CudaTokenSpectrum.bytesPerToken(outputs);
    long copies = (x == null ? 0 : TokenTransforms.copyBytes(x, 1)) + rowBytes(y);
    new ChunkedCall(
            shared,
            stream,
            inputBytes + outputBytes + copies,
            () -> "applying adapters of %d to %d features".formatted(inputs, outputs))
        .run(
            tokens,
            (first, count) -> {
              long batch = RoundedBatch.of(count);
              ScratchLayout layout = new ScratchLayout();
              long inputAt = layout.add(batch * inputBytes);
              long outputAt = layout.add(batch * outputBytes);
              long xAt = layout.add(x == null ? 0 : TokenTransforms.copyBytes(x, count));
              long yAt = layout.add(count * rowBytes(y));
              long scratch = stream.scratch(layout.bytes());
              long operators =
                  stream.table(shared.adapters().operators(stream, routing.adapters(), transposed));
              long choice = choice(stream, routing, first, count);
              long input = kept == null ? scratch + inputAt : kept.pointer(first);
              if (x != null) {
                TokenTransforms.enqueue(stream, x, first, count, scratch + xAt, input);
              }
              long output = scratch + outputAt;
              multiply(stream, routing, operators, choice, count, input, inputs, output, outputs);
              stream
                  .plans()
                  .execute(
                      new PlanKey(PlanKey.Kind.HALF_TO_REAL_LINES_IN_PLACE, 1, outputs, batch),
                      output,
                      output);
              accumulate(stream, output, choice, y, first, count, scratch + yAt);
            });
  }

  private static long rowBytes(Matrix y) {
    return y instanceof HostMatrix ? (long) y.cols() * y.elementType().sizeInBytes() : 0;
  }

  private static void multiply(
      WorkStream stream,
      AdapterRouting routing,
      long operators,
      long choice,
      int count,
      long input,
      long inputs,
      long output,
      long outputs) {
    long bins = PlanKey.half(outputs);
    stream.launch(
        Kernel.GATHER_MULTIPLY,
        Kernel.groups(count, Kernel.TOKEN_TILE) * Kernel.groups(bins, Kernel.BLOCK),
        stream
            .arguments()
            .add(operators)
            .add((long) routing.adapters().size())
            .add(choice)
            .add((long) count)
            .add(input)
            .add(PlanKey.half(inputs))
            .add(output)
            .add(bins));
  }

  private static void accumulate(
      WorkStream stream, long value, long choice, Matrix y, int first, int count, long copy) {
    long features = y.cols();
    long target;
    long stride;
    @Nullable HostBytes hostRows = null;
    if (y instanceof DeviceView view) {
      stream.beginOutput();
      target = view.pointer() + first * view.stride() * view.elementType().sizeInBytes();
      stride = view.stride();
    } else if (y instanceof HostMatrix host) {
      hostRows = HostBytes.of(host.slice(first, count));
      stream.upload(hostRows, copy);
      target = copy;
      stride = features;
    } else {
      throw new IllegalStateException(y + " was not checked");
    }
    stream.launch(
        Kernel.ACCUMULATE,
        count * Kernel.groups(features, Kernel.SEGMENT),
        stream
            .arguments()
            .add(value)
            .add(2 * PlanKey.half(features))
            .add(choice)
            .add((long) count)
            .add(features)
            .add(target)
            .add(ElementCode.of(y.elementType()))
            .add(stride));
    if (hostRows != null) {
      stream.download(copy, hostRows);
    }
  }

  /** Device address of the choices of some tokens, or 0 if all tokens take all adapters. */
  private static long choice(WorkStream stream, AdapterRouting routing, int first, int count) {
    if (!routing.isPerToken()) {
      return 0;
    }
    int[] chosen = new int[count];
    for (int t = 0; t < count; t++) {
      chosen[t] = routing.choice(first + t);
    }
    return stream.table(StructTable.of(chosen));
  }
}
