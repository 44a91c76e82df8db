package io.fourierft.internal.cuda.ops;

import io.fourierft.AdapterRouting;
import io.fourierft.Matrix;
import io.fourierft.OperatorPath;
import io.fourierft.internal.cuda.fft.PlanKey;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.ScratchLayout;
import io.fourierft.internal.cuda.resident.OperatorForm;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.StructTable;

/** {@code y += ΔW x} or {@code gx += ΔWᵀ g} for every token, without ΔW. */
public final class OperatorCall {
  private final SharedResources shared;
  private final LineTokens lines;

  OperatorCall(SharedResources shared, LineTokens lines) {
    this.shared = shared;
    this.lines = lines;
  }

  /** Runs on {@code stream}; everything was checked. */
  public void run(
      WorkStream stream,
      AdapterRouting routing,
      boolean transposed,
      TokenInput x,
      Matrix y,
      OperatorPath path) {
    Matrix tokens = x.matrix();
    if (tokens != null && lines.take(path, routing, tokens.rows())) {
      runInLines(stream, routing, transposed, tokens, y);
    } else {
      runStaged(stream, routing, transposed, x, y);
    }
  }

  private static String doing(long inputs, long outputs) {
    return "applying adapters of %d to %d features".formatted(inputs, outputs);
  }

  private void runInLines(
      WorkStream stream, AdapterRouting routing, boolean transposed, Matrix x, Matrix y) {
    new ChunkedCall(
            shared,
            stream,
            DeviceTokens.copyBytes(x, 1) + DeviceTokens.copyBytes(y, 1),
            () -> doing(x.cols(), y.cols()))
        .run(
            x.rows(),
            (first, count) -> {
              ScratchLayout layout = new ScratchLayout();
              long xAt = layout.add(DeviceTokens.copyBytes(x, count));
              long yAt = layout.add(DeviceTokens.copyBytes(y, count));
              long scratch = layout.bytes() == 0 ? 0 : stream.scratch(layout.bytes());
              LineTokens.Application launch =
                  lines.prepare(stream, routing, transposed, first, count);
              DeviceTokens from = DeviceTokens.of(stream, x, first, count, scratch + xAt);
              DeviceTokens to = DeviceTokens.of(stream, y, first, count, scratch + yAt);
              DeviceTokens.beginOutput(stream, y);
              LineTokens.apply(stream, launch, from, to);
              to.download(stream, y, first, count);
            });
  }

  private void runStaged(
      WorkStream stream, AdapterRouting routing, boolean transposed, TokenInput x, Matrix y) {
    long inputs = x.features();
    long outputs = y.cols();
    long outputBytes = CudaTokenSpectrum.spectrumBytes(outputs);
    new ChunkedCall(
            shared,
            stream,
            x.spectrumBytes(1) + outputBytes + x.copyBytes(1) + DeviceTokens.copyBytes(y, 1),
            () -> doing(inputs, outputs))
        .run(
            x.tokens(),
            (first, count) -> {
              long batch = RoundedBatch.of(count);
              ScratchLayout layout = new ScratchLayout();
              long inputAt = layout.add(x.spectrumBytes(batch));
              long outputAt = layout.add(batch * outputBytes);
              long xAt = layout.add(x.copyBytes(count));
              long yAt = layout.add(DeviceTokens.copyBytes(y, count));
              long scratch = stream.scratch(layout.bytes());
              long operators =
                  stream.table(
                      shared
                          .adapters()
                          .group(stream, routing.adapters(), OperatorForm.staged(transposed))
                          .contents());
              long choice = choice(stream, routing, first, count);
              long input = x.enqueue(stream, first, count, scratch + xAt, scratch + inputAt);
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
    DeviceTokens target = DeviceTokens.of(stream, y, first, count, copy);
    DeviceTokens.beginOutput(stream, y);
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
            .add(target.data())
            .add(target.type())
            .add(target.stride()));
    target.download(stream, y, first, count);
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
