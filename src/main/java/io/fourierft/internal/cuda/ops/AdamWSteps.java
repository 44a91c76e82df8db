package io.fourierft.internal.cuda.ops;

import io.fourierft.FourierException;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceAdamW;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.device.OpenResources;
import io.fourierft.internal.cuda.device.ResourceStack;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.memory.Mirror;
import io.fourierft.internal.cuda.stream.EngineStream;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.AdamwStruct;
import io.fourierft.internal.cuda.struct.ProgressStruct;
import io.fourierft.internal.cuda.struct.RatesStruct;
import io.fourierft.internal.cuda.struct.StructTable;
import io.fourierft.internal.definition.AdamWArithmetic;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** AdamW in three launches: the sums of squares, what becomes of the step, the step. */
public final class AdamWSteps implements DeviceAdamW {
  private static final Progress START = new Progress(0, 0, 0, Double.NaN);

  private final WorkStream stream;
  private final OpenResources registry;
  private final Held held;

  /** Whether the device may have come further than what was fetched, or is being fetched. */
  private boolean behind;

  private AdamWSteps(WorkStream stream, OpenResources registry, Held held) {
    this.stream = stream;
    this.registry = registry;
    this.held = held;
  }

  /** An optimiser with moments of zero. */
  public static AdamWSteps create(
      WorkStream stream, OpenResources registry, List<TrainedTensor> tensors, int groups) {
    Held held = registry.make(() -> Held.take(stream, tensors, groups));
    boolean made = false;
    try {
      AdamWMemory memory = held.memory;
      stream.submit(
          () -> {
            CudaContext context = stream.context();
            context
                .driver()
                .memsetD8Async(
                    memory.block().pointer(), (byte) 0, memory.block().bytes(), stream.handle());
            stream.upload(bytes(struct(START)), memory.progress());
          });
      made = true;
      return new AdamWSteps(stream, registry, held);
    } finally {
      if (!made) {
        registry.giveBack(held);
      }
    }
  }

  private static byte[] struct(Progress progress) {
    return StructTable.of(
        new ProgressStruct(
            progress.steps(), progress.skipped(), progress.refused(), progress.norm()));
  }

  private static Progress progress(byte[] struct) {
    ProgressStruct read =
        ProgressStruct.read(ByteBuffer.wrap(struct).order(ByteOrder.LITTLE_ENDIAN));
    return new Progress(read.steps(), read.skipped(), read.refused(), read.norm());
  }

  private static HostBytes bytes(byte[] contents) {
    return HostBytes.whole(MemorySegment.ofArray(contents));
  }

  @Override
  public void prepareStep(Settings settings) {
    AdamWMemory memory = held.memory;
    memory.requireAllOpen();
    if (settings.rates().size() != memory.groups()) {
      throw new FourierException(
          "there are %d groups of parameters, but the step has rates for %d"
              .formatted(memory.groups(), settings.rates().size()));
    }
    byte[] contents = contents(settings);
    stream.submit(
        () -> {
          catchUp(stream);
          // A graph that holds the step may be launched at any time from now on.
          behind = true;
          stream.upload(bytes(contents), memory.settings());
        });
  }

  private static byte[] contents(Settings settings) {
    int rates = Math.toIntExact(RatesStruct.LAYOUT.byteSize());
    int fixed = Math.toIntExact(AdamwStruct.LAYOUT.byteSize());
    ByteBuffer all = ByteBuffer.allocate(fixed + rates * settings.rates().size());
    all.put(
        StructTable.of(
            new AdamwStruct(
                settings.beta1(),
                settings.beta2(),
                settings.maxNorm(),
                settings.acknowledged(),
                settings.share(),
                (float) (1 - settings.beta1()),
                (float) settings.beta2(),
                (float) (1 - settings.beta2()),
                (float) settings.epsilon(),
                settings.refuses() ? 1 : 0)));
    for (Rates each : settings.rates()) {
      float decay = AdamWArithmetic.decay(each.learningRate(), each.weightDecay());
      all.put(StructTable.of(new RatesStruct(each.learningRate(), decay, 0)));
    }
    return all.array();
  }

  @Override
  public void applyStep(CudaFourierEngine on) {
    AdamWMemory memory = held.memory;
    memory.requireAllOpen();
    WorkStream work = EngineStream.of(on.stream(), stream.context()).work();
    if (work != stream && !work.isRecordable()) {
      // Its settings would be on their way on another stream.
      throw new FourierException(
          "a step is made on the stream of the engine that its trainer was made with, or recorded;"
              + " make the trainer with engine.on(stream) to train there");
    }
    work.submit(
        () -> {
          memory.retainOn(work);
          enqueue(work, memory);
          behind = true;
          if (!work.isRecording()) {
            // The step is on its way: that it cannot be heard of must not look like its failure.
            stream.context().quietly(() -> catchUp(work));
          }
        });
  }

  private static void enqueue(WorkStream work, AdamWMemory memory) {
    long parameters = work.table(memory.parameters());
    long count = memory.tensors().size();
    work.launch(
        Kernel.GRADIENT_SQUARES,
        memory.units(),
        work.arguments()
            .add(parameters)
            .add(count)
            .add(memory.units())
            .add(memory.settings())
            .add(memory.partials()));
    work.launch(
        Kernel.DECIDE_STEP,
        1,
        work.arguments()
            .add(memory.partials())
            .add(memory.units())
            .add(memory.settings())
            .add(memory.progress())
            .add(memory.rates())
            .add((long) memory.groups())
            .add(memory.decision()));
    work.launch(
        Kernel.ADAMW_STEP,
        memory.units(),
        work.arguments()
            .add(parameters)
            .add(count)
            .add(memory.units())
            .add(memory.settings())
            .add(memory.rates())
            .add(memory.decision())
            .add(memory.progress()));
  }

  private void catchUp(WorkStream on) {
    if (behind && held.mirror.fetch(held.memory.progress(), on.handle())) {
      behind = false;
    }
  }

  @Override
  public Progress progress() {
    held.memory.requireOpen();
    byte[][] newest = new byte[1][];
    stream.submit(
        () -> {
          boolean mayGoOn = behind;
          catchUp(stream);
          // Whether a graph was launched since, nobody has said.
          behind = mayGoOn;
          newest[0] = held.mirror.newest();
        });
    return progress(newest[0]);
  }

  @Override
  public Progress awaitProgress() {
    held.memory.requireOpen();
    byte[] read = new byte[Math.toIntExact(ProgressStruct.LAYOUT.byteSize())];
    stream.submit(
        () -> {
          stream.download(held.memory.progress(), bytes(read));
          stream.finishDownloads();
          held.mirror.reset(read);
        });
    return progress(read);
  }

  @Override
  public void setProgress(Progress progress) {
    held.memory.requireOpen();
    byte[] contents = struct(progress);
    stream.submit(
        () -> {
          stream.upload(bytes(contents), held.memory.progress());
          stream.context().driver().streamSynchronize(stream.handle());
          held.mirror.reset(contents);
        });
  }

  @Override
  public CudaMatrix firstMoment(int index) {
    return held.memory.moment(stream, 0, index);
  }

  @Override
  public CudaMatrix secondMoment(int index) {
    return held.memory.moment(stream, 1, index);
  }

  @Override
  public void close() {
    registry.giveBack(held);
  }

  /** What it takes of the device and the host. */
  private record Held(AdamWMemory memory, Mirror mirror) implements AutoCloseable {
    static Held take(WorkStream stream, List<TrainedTensor> tensors, int groups) {
      try (ResourceStack undo = new ResourceStack()) {
        AdamWMemory memory = AdamWMemory.allocate(stream, tensors, groups);
        undo.own(memory.block());
        Mirror mirror = Mirror.of(stream.context(), struct(START));
        undo.disown();
        return new Held(memory, mirror);
      }
    }

    @Override
    public void close() {
      try (ResourceStack all = new ResourceStack()) {
        all.own(memory.block());
        all.own(mirror);
      }
    }
  }
}
