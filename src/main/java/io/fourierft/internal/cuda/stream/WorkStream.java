package io.fourierft.internal.cuda.stream;

import io.fourierft.EngineClosedException;
import io.fourierft.FourierException;
import io.fourierft.internal.cuda.blas.StreamBlas;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.device.ResourceStack;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.fft.PlanCache;
import io.fourierft.internal.cuda.fft.PlanKey;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.kernels.LaunchArguments;
import io.fourierft.internal.cuda.memory.DeviceBlock;
import io.fourierft.internal.cuda.memory.DeviceBytes;
import io.fourierft.internal.cuda.memory.GrowingBlock;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.memory.LastUse;
import io.fourierft.internal.cuda.memory.Pinnable;
import io.fourierft.internal.cuda.memory.ResidentTable;
import io.fourierft.internal.cuda.memory.StagingRing;
import io.fourierft.internal.cuda.memory.TableCache;
import io.fourierft.internal.cuda.memory.TableContents;
import io.fourierft.internal.cuda.struct.CallbackInfoStruct;
import java.lang.foreign.Arena;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A stream and all that belongs to it alone: scratch memory, plans, small tables and pinned
 * staging. Work is enqueued by one thread at a time and runs in that order, so that the next call
 * may reuse the scratch of the one before without waiting.
 */
public final class WorkStream implements AutoCloseable {
  private static final int CACHED_TABLES = 64;
  private static final int CACHED_PLANS = 32;

  private final CudaContext context;
  private final long handle;
  private final boolean ownsStream;
  private final StreamTurns turns;
  private final Arena arena = Arena.ofShared();
  private final KernelLauncher launcher;
  private final PlanCache plans;
  private final StreamBlas blas;
  private final StagingRing staging;
  private final TableCache tables;
  private final GrowingBlock scratch;
  private final HeldMemory held;
  private final boolean recordable;
  private boolean recording;
  private boolean outputBegun;
  private boolean closed;

  private WorkStream(DeviceCore core, long handle, boolean ownsStream, boolean recordable) {
    this.context = core.context();
    this.handle = handle;
    this.ownsStream = ownsStream;
    this.turns = new StreamTurns(context);
    this.recordable = recordable;
    this.launcher = new KernelLauncher(context.driver(), core.kernels(), handle, arena);
    this.plans =
        new PlanCache(
            context,
            core.cufft(),
            core.callbacks(),
            handle,
            recordable ? Integer.MAX_VALUE : CACHED_PLANS);
    this.blas = new StreamBlas(context, core.cublas(), handle);
    this.staging = new StagingRing(context, handle);
    this.tables = new TableCache(context, staging, recordable ? Integer.MAX_VALUE : CACHED_TABLES);
    this.scratch = new GrowingBlock(context);
    this.held = new HeldMemory(new LastUse(context, handle));
  }

  /** A stream of its own. */
  public static WorkStream create(DeviceCore core, boolean recordable) {
    CudaContext context = core.context();
    long handle = context.call(() -> context.driver().streamCreate(CudaDriver.STREAM_NON_BLOCKING));
    return new WorkStream(core, handle, true, recordable);
  }

  /** Around a stream that somebody else owns. */
  public static WorkStream around(DeviceCore core, long handle) {
    return new WorkStream(core, handle, false, false);
  }

  public CudaContext context() {
    return context;
  }

  /** The CUstream. */
  public long handle() {
    return handle;
  }

  /**
   * Runs {@code work}, alone on this stream, with the context current. If it fails, nothing that it
   * queued between host and device is left running.
   */
  public void submit(Runnable work) {
    turns.run(() -> context.run(() -> enqueue(work)));
  }

  private void enqueue(Runnable work) {
    requireUsable();
    try {
      work.run();
    } catch (RuntimeException e) {
      if (!recording) {
        staging.abandon();
      }
      throw e;
    } finally {
      if (!recordable) {
        held.unpin();
      }
    }
  }

  private void requireUsable() {
    if (closed) {
      throw new EngineClosedException("the stream is closed");
    }
    if (!recording && handle != 0 && context.driver().streamIsCapturing(handle)) {
      // What the graph would read could be gone when it runs: nobody would say that it is needed.
      throw new FourierException(
          "stream 0x%x is being captured by somebody else; record the engine's work with record()"
              .formatted(handle));
    }
  }

  /** Launches a kernel over so many pieces of work, with the parameters that {@link #arguments}. */
  public void launch(Kernel kernel, long work, LaunchArguments parameters) {
    launcher.launch(kernel, work, parameters);
  }

  /** Launches a kernel with a grid of that many blocks. */
  public void launchGrid(Kernel kernel, int blocks, LaunchArguments parameters) {
    launcher.launchGrid(kernel, blocks, parameters);
  }

  /** Launches a kernel that keeps lines in {@code sharedBytes} of each block's shared memory. */
  public void launchLines(
      Kernel kernel, long work, int threads, long sharedBytes, LaunchArguments parameters) {
    launcher.launchLines(kernel, work, threads, sharedBytes, parameters);
  }

  /** Kernels launched so far, those that {@link #plans} launch aside. */
  public long launches() {
    return launcher.launches();
  }

  /** How often {@code kernel} was launched. */
  public long launches(Kernel kernel) {
    return launcher.launches(kernel);
  }

  /** The grid that {@link #launch} would use. */
  public int grid(long work) {
    return launcher.grid(work);
  }

  /** An empty list of parameters; the one before must have been launched. */
  public LaunchArguments arguments() {
    return launcher.arguments();
  }

  public PlanCache plans() {
    return plans;
  }

  /** Products with dense matrices. */
  public StreamBlas blas() {
    return blas;
  }

  /** Memory for the present chunk; the next call on this stream overwrites it. */
  public long scratch(long bytes) {
    requireNotGrowing(bytes);
    return scratch.atLeast(bytes);
  }

  private void requireNotGrowing(long bytes) {
    if (recording && bytes > scratch.bytes()) {
      throw new FourierException(
          "the recorded work needs more memory the second time; it must do the same each time");
    }
  }

  /** Bytes of scratch held now. */
  public long scratchBytes() {
    return scratch.bytes();
  }

  /** Bytes that scratch could have: what it holds and what is free; no limit while recording. */
  public long availableBytes() {
    return recording ? Long.MAX_VALUE : context.driver().memGetInfo().freeBytes() + scratch.bytes();
  }

  /** Whether this was made for a recording, which runs its work once before it records it. */
  public boolean isRecordable() {
    return recordable;
  }

  /** Whether what is submitted now is recorded instead of run. */
  public boolean isRecording() {
    return recording;
  }

  /** Device address of a table with these contents. */
  public long table(byte[] contents) {
    return table(new TableContents(contents));
  }

  /** Device address of a table with these contents. */
  public long table(TableContents contents) {
    return tables.pointer(contents, recording);
  }

  /** Lets the callbacks of a plan know {@code info}, and gets all that running it needs. */
  public void prepareCallbacks(PlanKey key, CallbackInfoStruct info) {
    plans.bind(key, info, this::table);
    plans.prepare(key);
  }

  /** Copies host memory to dense device memory, in the order of this stream. */
  public void upload(HostBytes from, long to) {
    upload(from, DeviceBytes.range(to, from.bytes()));
  }

  /** Copies host memory to as many bytes of the device, in the order of this stream. */
  public void upload(HostBytes from, DeviceBytes to) {
    requireDeviceMemory();
    staging.upload(from, to);
  }

  /** Queues a copy of dense device memory to the host; {@link #finishDownloads} waits for it. */
  public void download(long from, HostBytes to) {
    download(DeviceBytes.range(from, to.bytes()), to);
  }

  /** Queues a copy of as many bytes to the host; {@link #finishDownloads} waits for it. */
  public void download(DeviceBytes from, HostBytes to) {
    requireDeviceMemory();
    staging.download(from, to);
  }

  /** Waits for the queued copies to the host. */
  public void finishDownloads() {
    staging.finish();
  }

  private void requireDeviceMemory() {
    if (recording) {
      throw new FourierException(
          "host memory cannot take part in recorded work; give it device memory");
    }
  }

  /** A table for any stream, filled in the order of this one. */
  public ResidentTable newResidentTable(HostBytes contents) {
    requireDeviceMemory();
    return new ResidentTable(context, staging, contents);
  }

  /** Keeps memory from being given up while this call, or this recording, lasts. */
  public void pin(Pinnable memory) {
    held.pin(memory);
    if (!recording) {
      memory.orderBefore(handle);
    }
  }

  /** Keeps memory from being freed while a recording that uses it lasts. */
  public void retain(@Nullable DeviceBlock memory) {
    if (recordable && memory != null) {
      held.retain(memory);
    }
  }

  /** A new chunk, of which nothing has been written yet. */
  public void beginChunk() {
    outputBegun = false;
    staging.beginChunk();
  }

  /**
   * To be called before anything is enqueued that writes to memory that the caller sees; from then
   * on the present chunk cannot be tried again.
   */
  public void beginOutput() {
    outputBegun = true;
  }

  /** Whether the caller may see something of the present chunk already. */
  public boolean hasOutputBegun() {
    return outputBegun || staging.hasWritten();
  }

  /** Forgets what the present chunk queued between host and device; waits for what runs. */
  public void abandonChunk() {
    staging.abandon();
  }

  /** Gives scratch, plans and tables up, as when memory is short. */
  public void trim() {
    if (recording) {
      throw new FourierException("the device's memory ran out while work was recorded");
    }
    staging.finish();
    plans.clear();
    blas.clear();
    tables.clear();
    scratch.close();
  }

  /** Waits for the stream. */
  public void synchronize() {
    submit(() -> context.driver().streamSynchronize(handle));
  }

  /**
   * Records {@code work} instead of running it.
   *
   * @param made takes the graph, which is ready to run, before the context can go
   */
  public <T> T record(Runnable work, LongFunction<T> made) {
    // What takes the graph may have to close it again, or to wait for another thread that does,
    // and closing it takes a turn of this stream: so the turn is over by then.
    return context.call(() -> made.apply(turns.call(() -> settledCapture(work))));
  }

  private long settledCapture(Runnable work) {
    requireUsable();
    context.driver().streamSynchronize(handle);
    held.settle();
    return capture(work);
  }

  private long capture(Runnable work) {
    return new StreamCapture(context, handle)
        .graphOf(
            () -> {
              recording = true;
              try {
                work.run();
              } finally {
                recording = false;
              }
            });
  }

  /** Waits for the work, failed or not; a stream that is closed has been waited for. */
  void awaitIfOpen() {
    turns.run(
        () -> {
          if (!closed) {
            context.quietly(() -> context.driver().streamSynchronize(handle));
          }
        });
  }

  /** Waits for the work and frees everything; the stream itself only if it was made here. */
  @Override
  public void close() {
    turns.run(
        () -> {
          if (!closed) {
            closed = true;
            free();
          }
        });
  }

  private void free() {
    context.quietly(() -> context.driver().streamSynchronize(handle));
    try (ResourceStack all = new ResourceStack()) {
      all.own(arena);
      if (ownsStream) {
        all.own(() -> context.release(() -> context.driver().streamDestroy(handle)));
      }
      held.releaseWith(all);
      all.own(scratch);
      all.own(staging);
      all.own(tables);
      all.own(plans);
      all.own(blas);
    }
    held.clear();
  }
}
