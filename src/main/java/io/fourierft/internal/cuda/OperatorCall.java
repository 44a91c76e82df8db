package io.fourierft.internal.cuda;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.host.HostViews;
import org.jspecify.annotations.Nullable;

/** {@code y += ΔW x} or {@code gx += ΔWᵀ g} for every token, without ΔW. */
final class OperatorCall {
  private static final int OPERATOR_BYTES = 40;

  private final EngineCore core;

  OperatorCall(EngineCore core) {
    this.core = core;
  }

  /** From activations. Everything was checked. */
  void run(Lane lane, AdapterRouting routing, boolean transposed, Matrix x, Matrix y) {
    run(lane, routing, transposed, x, null, x.rows(), y);
  }

  /** From kept transforms. Everything was checked. */
  void run(Lane lane, AdapterRouting routing, boolean transposed, CudaTokenSpectrum x, Matrix y) {
    run(lane, routing, transposed, null, x, x.tokens(), y);
  }

  private void run(
      Lane lane,
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
            core,
            lane,
            inputBytes + outputBytes + copies,
            () -> "applying adapters of %d to %d features".formatted(inputs, outputs))
        .run(
            tokens,
            (first, count) -> {
              long batch = TokenBatch.roundUp(count);
              ScratchLayout layout = new ScratchLayout();
              long inputAt = layout.add(batch * inputBytes);
              long outputAt = layout.add(batch * outputBytes);
              long xAt = layout.add(x == null ? 0 : TokenTransforms.copyBytes(x, count));
              long yAt = layout.add(count * rowBytes(y));
              long scratch = lane.scratch(layout.bytes());
              long operators = operators(lane, routing, transposed);
              long choice = choice(lane, routing, first, count);
              long input = kept == null ? scratch + inputAt : kept.pointer(first);
              if (x != null) {
                TokenTransforms.enqueue(lane, x, first, count, scratch + xAt, input);
              }
              long output = scratch + outputAt;
              multiply(lane, routing, operators, choice, count, input, inputs, output, outputs);
              lane.plans()
                  .execute(
                      new PlanKey(PlanKey.Kind.HALF_TO_REAL_LINES_IN_PLACE, 1, outputs, batch),
                      output,
                      output);
              accumulate(lane, output, choice, y, first, count, scratch + yAt);
            });
  }

  private static long rowBytes(Matrix y) {
    return y instanceof HostMatrix ? (long) y.cols() * y.elementType().sizeInBytes() : 0;
  }

  private static void multiply(
      Lane lane,
      AdapterRouting routing,
      long operators,
      long choice,
      int count,
      long input,
      long inputs,
      long output,
      long outputs) {
    long bins = PlanKey.half(outputs);
    lane.launch(
        Kernel.GATHER_MULTIPLY,
        Kernel.groups(count, Kernel.TOKEN_TILE) * Kernel.groups(bins, Kernel.BLOCK),
        lane.arguments()
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
      Lane lane, long value, long choice, Matrix y, int first, int count, long copy) {
    long features = y.cols();
    long target;
    long stride;
    @Nullable HostRows hostRows = null;
    if (y instanceof DeviceView view) {
      target = view.pointer() + first * view.stride() * view.elementType().sizeInBytes();
      stride = view.stride();
    } else if (y instanceof HostMatrix host) {
      hostRows = HostRows.of(HostViews.rows(host, first, count));
      lane.upload(hostRows, copy);
      target = copy;
      stride = features;
    } else {
      throw new IllegalStateException(y + " was not checked");
    }
    lane.launch(
        Kernel.ACCUMULATE,
        count * Kernel.groups(features, Kernel.SEGMENT),
        lane.arguments()
            .add(value)
            .add(2 * PlanKey.half(features))
            .add(1f)
            .add(choice)
            .add((long) count)
            .add(features)
            .add(target)
            .add(ElementCode.of(y.elementType()))
            .add(stride));
    if (hostRows != null) {
      lane.download(copy, hostRows);
    }
  }

  private long operators(Lane lane, AdapterRouting routing, boolean transposed) {
    TableWriter table = new TableWriter(routing.adapters().size(), OPERATOR_BYTES);
    for (FourierAdapter adapter : routing.adapters()) {
      long coefficients = core.adapters().coefficients(lane, adapter).pointer();
      ResidentPlaces.Rows rows =
          core.adapters()
              .places(adapter.locations(), places -> places.compressedRows(lane, transposed));
      table
          .put(rows.binStart())
          .put(rows.source())
          .put(rows.frequency())
          .put(coefficients)
          .put((float) DeltaScale.factor(adapter))
          .put(adapter.nFrequency());
    }
    return lane.table(table.finish());
  }

  /** Device address of the choices of some tokens, or 0 if all tokens take all adapters. */
  private static long choice(Lane lane, AdapterRouting routing, int first, int count) {
    if (!routing.isPerToken()) {
      return 0;
    }
    TableWriter table = new TableWriter(count, Integer.BYTES);
    for (int t = first; t < first + count; t++) {
      table.put(routing.choice(t));
    }
    return lane.table(table.finish());
  }
}
