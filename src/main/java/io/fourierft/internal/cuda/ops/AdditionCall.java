package io.fourierft.internal.cuda.ops;

import io.fourierft.AdditionReport;
import io.fourierft.DensePath;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.memory.ScratchLayout;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.AdditionStruct;
import io.fourierft.internal.cuda.struct.StructTable;
import io.fourierft.internal.cuda.struct.TargetStruct;
import io.fourierft.internal.definition.AdditionSums;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Adds the ΔW of one adapter to a weight, and measures what that did if asked. */
public final class AdditionCall {
  private final SharedResources shared;
  private final DenseTransforms transforms;
  private final LineDeltas lines;

  AdditionCall(SharedResources shared, DenseTransforms transforms, LineDeltas lines) {
    this.shared = shared;
    this.transforms = transforms;
    this.lines = lines;
  }

  /**
   * Runs on {@code stream}; everything was checked. Returns the report if {@code measure} is set.
   */
  public @Nullable AdditionReport run(
      WorkStream stream,
      FourierAdapter adapter,
      Matrix weight,
      boolean transposed,
      Addition addition,
      boolean measure) {
    DensePlan plan = DensePlan.of(shared, lines, List.of(adapter), transposed, DensePath.AUTO);
    boolean inLines = plan.path() == DensePath.FUSED;
    long tiles = Kernel.groups(plan.rows(), Kernel.TILE) * Kernel.groups(plan.cols(), Kernel.TILE);
    long blocks = inLines ? lines.units(adapter, transposed) : stream.grid(tiles);
    float sign = addition == Addition.ADD ? 1f : -1f;
    byte[] found = new byte[Math.toIntExact(AdditionStruct.LAYOUT.byteSize())];
    new ChunkedCall(
            shared,
            stream,
            plan.resultBytes() + plan.columnBytes() + DeltaCall.hostBytes(weight),
            () ->
                "adding a delta of %d x %d on the %s path"
                    .formatted(plan.rows(), plan.cols(), plan.path()))
        .run(
            1,
            (_, _) -> {
              ScratchLayout layout = new ScratchLayout();
              long columnsAt = layout.add(plan.columnBytes());
              long resultAt = layout.add(plan.resultBytes());
              long weightAt = layout.add(DeltaCall.hostBytes(weight));
              long partialsAt = layout.add(measure ? blocks * AdditionStruct.LAYOUT.byteSize() : 0);
              long foundAt = layout.add(measure ? AdditionStruct.LAYOUT.byteSize() : 0);
              long scratch = stream.scratch(layout.bytes());
              List<FourierAdapter> adapters = List.of(adapter);
              TargetStruct target =
                  DeltaCall.target(
                      adapter,
                      transforms.scale(stream, adapter),
                      weight,
                      scratch + weightAt,
                      transposed);
              long partials = measure ? scratch + partialsAt : 0;
              if (inLines) {
                LineDeltas.Launch launch = lines.prepare(stream, adapters, List.of(target));
                upload(stream, weight, scratch + weightAt);
                beginOutput(stream, weight);
                LineDeltas.add(stream, launch, sign, partials);
              } else {
                long table = transforms.prepare(stream, plan, adapters);
                long targetTable = stream.table(StructTable.of(target));
                transforms.enqueue(
                    stream, plan, adapters, table, scratch + resultAt, scratch + columnsAt);
                upload(stream, weight, scratch + weightAt);
                beginOutput(stream, weight);
                stream.launchGrid(
                    Kernel.ADD_DELTA,
                    Math.toIntExact(blocks),
                    stream
                        .arguments()
                        .add(targetTable)
                        .add(1L)
                        .add(plan.rows())
                        .add(plan.cols())
                        .add(scratch + resultAt)
                        .add(plan.step())
                        .add(plan.stride())
                        .add(plan.distance())
                        .add(sign)
                        .add(partials));
              }
              if (measure) {
                stream.launch(
                    Kernel.REDUCE_ADDITION,
                    1,
                    stream
                        .arguments()
                        .add(scratch + partialsAt)
                        .add(blocks)
                        .add(scratch + foundAt));
                stream.download(scratch + foundAt, HostBytes.whole(MemorySegment.ofArray(found)));
              }
              if (weight instanceof HostMatrix host) {
                stream.download(scratch + weightAt, HostBytes.of(host));
              }
            });
    return measure ? report((long) adapter.rows() * adapter.cols(), found) : null;
  }

  private static void beginOutput(WorkStream stream, Matrix weight) {
    if (weight instanceof DeviceView) {
      stream.beginOutput();
    }
  }

  private static void upload(WorkStream stream, Matrix weight, long copy) {
    if (weight instanceof HostMatrix host) {
      stream.upload(HostBytes.of(host), copy);
    }
  }

  private static AdditionReport report(long elements, byte[] found) {
    AdditionStruct sums =
        AdditionStruct.read(ByteBuffer.wrap(found).order(ByteOrder.LITTLE_ENDIAN));
    return new AdditionSums(
            elements,
            sums.deltaSquares(),
            sums.weightSquares(),
            sums.errorSum(),
            sums.errorMax(),
            sums.nonFinite())
        .report();
  }
}
