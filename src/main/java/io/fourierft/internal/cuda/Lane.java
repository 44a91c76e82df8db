package io.fourierft.internal.cuda;

import io.fourierft.EngineClosedException;
import io.fourierft.FourierException;
import io.fourierft.cuda.CudaOutOfMemoryException;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.ffm.CudaMemory;
import java.lang.foreign.Arena;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A stream and all that belongs to it alone: scratch memory, plans, small tables and pinned
 * staging. Work on a lane is enqueued by one thread at a time and runs in that order, so that the
 * next call may reuse the scratch of the one before without waiting.
 */
final class Lane implements AutoCloseable {
  private static final int CACHED_TABLES = 64;
  private static final int CACHED_PLANS = 32;

  private final CudaContext context;
  private final KernelModule kernels;
  private final long stream;
  private final boolean ownsStream;
  private final ReentrantLock lock = new ReentrantLock();
  private final Arena arena = Arena.ofShared();
  private final LaunchArguments arguments = new LaunchArguments(arena);
  private final PlanCache plans;
  private final StagingRing staging;
  private final TableCache tables;
  private final GrowingBlock scratch;
  private final Set<ResidentTable> pinned = new HashSet<>();
  private final boolean recordable;
  private boolean recording;
  private boolean closed;

  private Lane(EngineCore core, long stream, boolean ownsStream, boolean recordable) {
    this.context = core.context();
    this.kernels = core.kernels();
    this.stream = stream;
    this.ownsStream = ownsStream;
    this.recordable = recordable;
    this.plans = new PlanCache(core, stream, recordable ? Integer.MAX_VALUE : CACHED_PLANS);
    this.staging = new StagingRing(context, stream);
    this.tables = new TableCache(context, staging, recordable ? Integer.MAX_VALUE : CACHED_TABLES);
    this.scratch = new GrowingBlock(context);
  }

  /** A lane on a stream of its own. */
  static Lane create(EngineCore core, boolean recordable) {
    CudaContext context = core.context();
    long stream = context.call(() -> context.driver().streamCreate(CudaDriver.STREAM_NON_BLOCKING));
    return new Lane(core, stream, true, recordable);
  }

  /** A lane on a stream that somebody else owns. */
  static Lane around(EngineCore core, long stream) {
    return new Lane(core, stream, false, false);
  }

  CudaContext context() {
    return context;
  }

  /** The CUstream. */
  long stream() {
    return stream;
  }

  /**
   * Runs {@code work}, alone on this lane, with the context current. If it fails, nothing that it
   * queued between host and device is left running.
   */
  void submit(Runnable work) {
    lock.lock();
    try {
      context.run(
          () -> {
            if (closed) {
              throw new EngineClosedException("the stream is closed");
            }
            try {
              work.run();
            } catch (RuntimeException e) {
              if (!recording) {
                staging.abandon();
              }
              throw e;
            } finally {
              if (!recordable) {
                unpin();
              }
            }
          });
    } finally {
      lock.unlock();
    }
  }

  /** Launches a kernel over so many blocks of work, with the parameters that {@link #arguments}. */
  void launch(Kernel kernel, long work, LaunchArguments parameters) {
    if (work == 0) {
      return;
    }
    launchGrid(kernel, kernels.grid(work), parameters);
  }

  /** Launches a kernel with a grid of that many blocks. */
  void launchGrid(Kernel kernel, int blocks, LaunchArguments parameters) {
    context
        .driver()
        .launchKernel(
            kernels.function(kernel),
            blocks,
            1,
            1,
            Kernel.BLOCK,
            1,
            1,
            0,
            stream,
            parameters.pointers());
  }

  /** The grid that {@link #launch} would use. */
  int grid(long work) {
    return kernels.grid(work);
  }

  /** An empty list of parameters; the one before must have been launched. */
  LaunchArguments arguments() {
    return arguments.start();
  }

  PlanCache plans() {
    return plans;
  }

  /** Memory for the present chunk; the next call on this lane overwrites it. */
  long scratch(long bytes) {
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
  long scratchBytes() {
    return scratch.bytes();
  }

  /** Bytes free on the device now. */
  long freeBytes() {
    return context.driver().memGetInfo().freeBytes();
  }

  /** Whether what is submitted now is recorded instead of run. */
  boolean isRecording() {
    return recording;
  }

  /** Device address of a table with these contents. */
  long table(byte[] contents) {
    return tables.pointer(contents, recording);
  }

  /**
   * Transforms in place with callbacks that know {@code info}.
   *
   * @param info one fourierft_fused, which the caller must not change afterwards
   */
  void transformFused(PlanKey key, byte[] info, long data) {
    plans.bind(key, info, this::table);
    plans.execute(key, data, data);
  }

  /** Copies host memory to dense device memory, in the order of this lane. */
  void upload(HostRows from, long to) {
    upload(from, DeviceRows.range(to, from.bytes()));
  }

  /** Copies host memory to as many bytes of the device, in the order of this lane. */
  void upload(HostRows from, DeviceRows to) {
    requireDeviceMemory();
    staging.upload(from, to);
  }

  /** Queues a copy of dense device memory to the host; {@link #finishDownloads} waits for it. */
  void download(long from, HostRows to) {
    download(DeviceRows.range(from, to.bytes()), to);
  }

  /** Queues a copy of as many bytes to the host; {@link #finishDownloads} waits for it. */
  void download(DeviceRows from, HostRows to) {
    requireDeviceMemory();
    staging.download(from, to);
  }

  /** Waits for the queued copies to the host. */
  void finishDownloads() {
    staging.finish();
  }

  private void requireDeviceMemory() {
    if (recording) {
      throw new FourierException(
          "host memory cannot take part in recorded work; give it device memory");
    }
  }

  /** Keeps a table of an adapter from being given up while this call, or this recording, lasts. */
  void pin(ResidentTable table) {
    if (pinned.add(table)) {
      table.pin();
    }
    if (!recording) {
      table.orderBefore(this);
    }
  }

  private void unpin() {
    pinned.forEach(ResidentTable::unpin);
    pinned.clear();
  }

  /** Gives scratch, plans and tables up, as when memory is short. */
  void trim() {
    if (recording) {
      throw new FourierException("the device's memory ran out while work was recorded");
    }
    staging.finish();
    plans.clear();
    tables.clear();
    scratch.close();
  }

  /** Waits for the stream. */
  void synchronize() {
    submit(() -> context.driver().streamSynchronize(stream));
  }

  /**
   * Records {@code work} instead of running it.
   *
   * @return a graph that is ready to run
   */
  long record(Runnable work) {
    CudaDriver driver = context.driver();
    lock.lock();
    try {
      return context.call(
          () -> {
            driver.streamSynchronize(stream);
            pinned.forEach(ResidentTable::settle);
            driver.streamBeginCapture(stream, CudaDriver.CAPTURE_THREAD_LOCAL);
            recording = true;
            long graph = 0;
            boolean complete = false;
            try {
              work.run();
              complete = true;
            } finally {
              recording = false;
              graph = endCapture(complete);
            }
            try {
              return driver.graphInstantiate(graph);
            } finally {
              long recorded = graph;
              context.quietly(() -> driver.graphDestroy(recorded));
            }
          });
    } finally {
      lock.unlock();
    }
  }

  /** Ends the recording; after a failure of the work whatever was recorded is thrown away. */
  private long endCapture(boolean complete) {
    boolean ended = false;
    try {
      if (complete) {
        long graph = context.driver().streamEndCapture(stream);
        ended = true;
        return graph;
      }
      return 0;
    } finally {
      if (!ended) {
        context.quietly(this::abandonCapture);
      }
    }
  }

  private void abandonCapture() {
    CudaDriver driver = context.driver();
    if (driver.streamIsCapturing(stream)) {
      long graph = driver.streamEndCapture(stream);
      if (graph != 0) {
        driver.graphDestroy(graph);
      }
    }
  }

  /** What running out of memory becomes once nothing smaller is left to try. */
  CudaOutOfMemoryException outOfMemory(String doing, long neededBytes, RuntimeException cause) {
    CudaMemory.MemoryInfo memory = context.call(() -> context.driver().memGetInfo());
    CudaOutOfMemoryException failure =
        new CudaOutOfMemoryException(
            context.driver().library(),
            "cuMemAlloc_v2",
            CudaOutOfMemoryException.CODE,
            "CUDA_ERROR_OUT_OF_MEMORY",
            "%s, which needs %d bytes on %s; %d of its %d are free"
                .formatted(
                    doing,
                    neededBytes,
                    context.device().engineName(),
                    memory.freeBytes(),
                    memory.totalBytes()));
    failure.initCause(cause);
    return failure;
  }

  /** Waits for the work and frees everything; the stream itself only if the lane made it. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      context.quietly(() -> context.driver().streamSynchronize(stream));
      try (ResourceStack all = new ResourceStack()) {
        all.own(arena);
        if (ownsStream) {
          all.own(() -> context.quietly(() -> context.driver().streamDestroy(stream)));
        }
        all.own(scratch);
        all.own(staging);
        all.own(tables);
        all.own(plans);
      }
      unpin();
    } finally {
      lock.unlock();
    }
  }
}
