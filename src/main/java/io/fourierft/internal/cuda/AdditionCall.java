package io.fourierft.internal.cuda;

import io.fourierft.AdditionReport;
import io.fourierft.DensePath;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Adds the ΔW of one adapter to a weight, and measures what that did if asked. */
final class AdditionCall {
  private static final int TARGET_BYTES = 32;
  private static final int ADDITION_BYTES = 40;
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final EngineCore core;
  private final DenseTransforms transforms;

  AdditionCall(EngineCore core, DenseTransforms transforms) {
    this.core = core;
    this.transforms = transforms;
  }

  /** Runs on {@code lane}; everything was checked. Returns the report if {@code measure} is set. */
  @Nullable AdditionReport run(
      Lane lane,
      FourierAdapter adapter,
      Matrix weight,
      boolean transposed,
      Addition addition,
      boolean measure) {
    DensePlan plan = DensePlan.of(core, List.of(adapter), DensePath.AUTO);
    long work = Kernel.groups(plan.rows(), Kernel.TILE) * Kernel.groups(plan.cols(), Kernel.TILE);
    int blocks = lane.grid(work);
    byte[] found = new byte[ADDITION_BYTES];
    new ChunkedCall(
            core,
            lane,
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
              long partialsAt = layout.add(measure ? (long) blocks * ADDITION_BYTES : 0);
              long foundAt = layout.add(measure ? ADDITION_BYTES : 0);
              long scratch = lane.scratch(layout.bytes());
              List<FourierAdapter> adapters = List.of(adapter);
              long table = transforms.prepare(lane, plan, adapters);
              TableWriter target = new TableWriter(1, TARGET_BYTES);
              DeltaCall.putTarget(
                  target,
                  adapter,
                  transforms.scale(lane, adapter),
                  weight,
                  scratch + weightAt,
                  transposed);
              long targetTable = lane.table(target.finish());
              transforms.enqueue(
                  lane, plan, adapters, table, scratch + resultAt, scratch + columnsAt);
              if (weight instanceof HostMatrix host) {
                lane.upload(HostRows.of(host), scratch + weightAt);
              }
              lane.launchGrid(
                  Kernel.ADD_DELTA,
                  blocks,
                  lane.arguments()
                      .add(targetTable)
                      .add(1L)
                      .add(plan.rows())
                      .add(plan.cols())
                      .add(scratch + resultAt)
                      .add(plan.step())
                      .add(plan.stride())
                      .add(plan.distance())
                      .add(addition == Addition.ADD ? 1f : -1f)
                      .add(1)
                      .add(measure ? scratch + partialsAt : 0L));
              if (measure) {
                lane.launch(
                    Kernel.REDUCE_ADDITION,
                    1,
                    lane.arguments()
                        .add(scratch + partialsAt)
                        .add((long) blocks)
                        .add(scratch + foundAt));
                lane.download(scratch + foundAt, HostRows.whole(MemorySegment.ofArray(found)));
              }
              if (weight instanceof HostMatrix host) {
                lane.download(scratch + weightAt, HostRows.of(host));
              }
            });
    return measure ? report((long) adapter.rows() * adapter.cols(), found) : null;
  }

  private static AdditionReport report(long elements, byte[] found) {
    MemorySegment struct = MemorySegment.ofArray(found);
    return new AdditionReport(
        elements,
        Math.sqrt(struct.get(DOUBLE, 0)),
        Math.sqrt(struct.get(DOUBLE, 8)),
        struct.get(DOUBLE, 24),
        struct.get(DOUBLE, 16) / elements,
        struct.get(LONG, 32));
  }
}
