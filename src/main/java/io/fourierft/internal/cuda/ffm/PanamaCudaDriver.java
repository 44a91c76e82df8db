package io.fourierft.internal.cuda.ffm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.fourierft.cuda.CudaException;
import io.fourierft.cuda.CudaOutOfMemoryException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/** The CUDA driver through java.lang.foreign. Thread-safe, as the driver is. */
public final class PanamaCudaDriver implements CudaDriver {
  private static final int POINTER_ATTRIBUTE_CONTEXT = 1;
  private static final int CAPTURE_STATUS_NONE = 0;
  private static final int NAME_BYTES = 256;

  private final DriverFunctions f;

  /**
   * Binds every function.
   *
   * @throws io.fourierft.FourierException if the library lacks one
   */
  public PanamaCudaDriver(FoundLibrary library) {
    this.f = new DriverFunctions(library.symbols(), library.path());
  }

  @Override
  public String library() {
    return f.library();
  }

  @Override
  public void init() {
    call("cuInit", () -> (int) f.cuInit.invokeExact(0), () -> "starting the driver");
  }

  @Override
  public int driverGetVersion() {
    return (int)
        read(
            "cuDriverGetVersion",
            out -> (int) f.cuDriverGetVersion.invokeExact(out),
            () -> "reading the driver's version");
  }

  @Override
  public int deviceGetCount() {
    return (int)
        read(
            "cuDeviceGetCount",
            out -> (int) f.cuDeviceGetCount.invokeExact(out),
            () -> "counting devices");
  }

  @Override
  public int deviceGet(int ordinal) {
    return (int)
        read(
            "cuDeviceGet",
            out -> (int) f.cuDeviceGet.invokeExact(out, ordinal),
            () -> "looking up device " + ordinal);
  }

  @Override
  public String deviceGetName(int device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(NAME_BYTES);
      call(
          "cuDeviceGetName",
          () -> (int) f.cuDeviceGetName.invokeExact(name, NAME_BYTES, device),
          () -> "reading the name of device " + device);
      return name.getString(0);
    }
  }

  @Override
  public int deviceGetAttribute(int attribute, int device) {
    return (int)
        read(
            "cuDeviceGetAttribute",
            out -> (int) f.cuDeviceGetAttribute.invokeExact(out, attribute, device),
            () -> "reading attribute %d of device %d".formatted(attribute, device));
  }

  @Override
  public long deviceTotalMem(int device) {
    return read(
        "cuDeviceTotalMem_v2",
        out -> (int) f.cuDeviceTotalMem_v2.invokeExact(out, device),
        () -> "reading the memory size of device " + device);
  }

  @Override
  public long devicePrimaryCtxRetain(int device) {
    return read(
        "cuDevicePrimaryCtxRetain",
        out -> (int) f.cuDevicePrimaryCtxRetain.invokeExact(out, device),
        () -> "retaining the primary context of device " + device);
  }

  @Override
  public void devicePrimaryCtxRelease(int device) {
    call(
        "cuDevicePrimaryCtxRelease_v2",
        () -> (int) f.cuDevicePrimaryCtxRelease_v2.invokeExact(device),
        () -> "releasing the primary context of device " + device);
  }

  @Override
  public void ctxPushCurrent(long context) {
    call(
        "cuCtxPushCurrent_v2",
        () -> (int) f.cuCtxPushCurrent_v2.invokeExact(context),
        () -> "making a context current");
  }

  @Override
  public long ctxPopCurrent() {
    return read(
        "cuCtxPopCurrent_v2",
        out -> (int) f.cuCtxPopCurrent_v2.invokeExact(out),
        () -> "taking the current context off");
  }

  @Override
  public void ctxSynchronize() {
    call(
        "cuCtxSynchronize",
        () -> (int) f.cuCtxSynchronize.invokeExact(),
        () -> "waiting for the device");
  }

  @Override
  public MemoryInfo memGetInfo() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment free = arena.allocate(JAVA_LONG);
      MemorySegment total = arena.allocate(JAVA_LONG);
      call(
          "cuMemGetInfo_v2",
          () -> (int) f.cuMemGetInfo_v2.invokeExact(free, total),
          () -> "reading the free memory");
      return new MemoryInfo(free.get(JAVA_LONG, 0), total.get(JAVA_LONG, 0));
    }
  }

  @Override
  public long memAlloc(long bytes) {
    return read(
        "cuMemAlloc_v2",
        out -> (int) f.cuMemAlloc_v2.invokeExact(out, bytes),
        () -> "allocating %d bytes on the device".formatted(bytes));
  }

  @Override
  public void memFree(long pointer) {
    call(
        "cuMemFree_v2",
        () -> (int) f.cuMemFree_v2.invokeExact(pointer),
        () -> "freeing device memory at 0x%x".formatted(pointer));
  }

  @Override
  public MemorySegment memAllocHost(long bytes) {
    long address =
        read(
            "cuMemAllocHost_v2",
            out -> (int) f.cuMemAllocHost_v2.invokeExact(out, bytes),
            () -> "pinning %d bytes of host memory".formatted(bytes));
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  @Override
  public void memFreeHost(MemorySegment memory) {
    call(
        "cuMemFreeHost",
        () -> (int) f.cuMemFreeHost.invokeExact(memory),
        () -> "freeing pinned host memory");
  }

  @Override
  public void memcpyHtoDAsync(long to, MemorySegment from, long bytes, long stream) {
    call(
        "cuMemcpyHtoDAsync_v2",
        () -> (int) f.cuMemcpyHtoDAsync_v2.invokeExact(to, from, bytes, stream),
        () -> "copying %d bytes to the device".formatted(bytes));
  }

  @Override
  public void memcpyDtoHAsync(MemorySegment to, long from, long bytes, long stream) {
    call(
        "cuMemcpyDtoHAsync_v2",
        () -> (int) f.cuMemcpyDtoHAsync_v2.invokeExact(to, from, bytes, stream),
        () -> "copying %d bytes from the device".formatted(bytes));
  }

  @Override
  public void memcpyDtoDAsync(long to, long from, long bytes, long stream) {
    call(
        "cuMemcpyDtoDAsync_v2",
        () -> (int) f.cuMemcpyDtoDAsync_v2.invokeExact(to, from, bytes, stream),
        () -> "copying %d bytes on the device".formatted(bytes));
  }

  @Override
  public void memsetD8Async(long pointer, byte value, long bytes, long stream) {
    call(
        "cuMemsetD8Async",
        () -> (int) f.cuMemsetD8Async.invokeExact(pointer, value, bytes, stream),
        () -> "setting %d bytes on the device".formatted(bytes));
  }

  @Override
  public long streamCreate(int flags) {
    return read(
        "cuStreamCreate",
        out -> (int) f.cuStreamCreate.invokeExact(out, flags),
        () -> "creating a stream");
  }

  @Override
  public void streamDestroy(long stream) {
    call(
        "cuStreamDestroy_v2",
        () -> (int) f.cuStreamDestroy_v2.invokeExact(stream),
        () -> "destroying a stream");
  }

  @Override
  public void streamSynchronize(long stream) {
    call(
        "cuStreamSynchronize",
        () -> (int) f.cuStreamSynchronize.invokeExact(stream),
        () -> "waiting for a stream");
  }

  @Override
  public void streamWaitEvent(long stream, long event) {
    call(
        "cuStreamWaitEvent",
        () -> (int) f.cuStreamWaitEvent.invokeExact(stream, event, 0),
        () -> "letting a stream wait for an event");
  }

  @Override
  public long streamGetCtx(long stream) {
    return read(
        "cuStreamGetCtx",
        out -> (int) f.cuStreamGetCtx.invokeExact(stream, out),
        () -> "looking up the context of stream 0x%x".formatted(stream));
  }

  @Override
  public void streamBeginCapture(long stream, int mode) {
    call(
        "cuStreamBeginCapture_v2",
        () -> (int) f.cuStreamBeginCapture_v2.invokeExact(stream, mode),
        () -> "beginning to record a stream");
  }

  @Override
  public long streamEndCapture(long stream) {
    return read(
        "cuStreamEndCapture",
        out -> (int) f.cuStreamEndCapture.invokeExact(stream, out),
        () -> "ending the recording of a stream");
  }

  @Override
  public boolean streamIsCapturing(long stream) {
    long status =
        read(
            "cuStreamIsCapturing",
            out -> (int) f.cuStreamIsCapturing.invokeExact(stream, out),
            () -> "asking whether a stream is being recorded");
    return (int) status != CAPTURE_STATUS_NONE;
  }

  @Override
  public long graphInstantiate(long graph) {
    return read(
        "cuGraphInstantiateWithFlags",
        out -> (int) f.cuGraphInstantiateWithFlags.invokeExact(out, graph, 0L),
        () -> "making a graph ready to run");
  }

  @Override
  public void graphLaunch(long executable, long stream) {
    call(
        "cuGraphLaunch",
        () -> (int) f.cuGraphLaunch.invokeExact(executable, stream),
        () -> "running a graph");
  }

  @Override
  public void graphExecDestroy(long executable) {
    call(
        "cuGraphExecDestroy",
        () -> (int) f.cuGraphExecDestroy.invokeExact(executable),
        () -> "freeing a graph that was made ready");
  }

  @Override
  public void graphDestroy(long graph) {
    call(
        "cuGraphDestroy",
        () -> (int) f.cuGraphDestroy.invokeExact(graph),
        () -> "freeing a recorded graph");
  }

  @Override
  public long eventCreate(int flags) {
    return read(
        "cuEventCreate",
        out -> (int) f.cuEventCreate.invokeExact(out, flags),
        () -> "creating an event");
  }

  @Override
  public void eventDestroy(long event) {
    call(
        "cuEventDestroy_v2",
        () -> (int) f.cuEventDestroy_v2.invokeExact(event),
        () -> "destroying an event");
  }

  @Override
  public void eventRecord(long event, long stream) {
    call(
        "cuEventRecord",
        () -> (int) f.cuEventRecord.invokeExact(event, stream),
        () -> "recording an event");
  }

  @Override
  public void eventSynchronize(long event) {
    call(
        "cuEventSynchronize",
        () -> (int) f.cuEventSynchronize.invokeExact(event),
        () -> "waiting for an event");
  }

  @Override
  public float eventElapsedTime(long start, long end) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment milliseconds = arena.allocate(JAVA_FLOAT);
      call(
          "cuEventElapsedTime",
          () -> (int) f.cuEventElapsedTime.invokeExact(milliseconds, start, end),
          () -> "measuring the time between two events");
      return milliseconds.get(JAVA_FLOAT, 0);
    }
  }

  @Override
  public long moduleLoadData(MemorySegment image) {
    return read(
        "cuModuleLoadData",
        out -> (int) f.cuModuleLoadData.invokeExact(out, image),
        () -> "loading kernels of %d bytes".formatted(image.byteSize()));
  }

  @Override
  public void moduleUnload(long module) {
    call(
        "cuModuleUnload",
        () -> (int) f.cuModuleUnload.invokeExact(module),
        () -> "unloading the kernels");
  }

  @Override
  public long moduleGetFunction(long module, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment symbol = arena.allocateFrom(name);
      return read(
          "cuModuleGetFunction",
          out -> (int) f.cuModuleGetFunction.invokeExact(out, module, symbol),
          () -> "looking up kernel " + name);
    }
  }

  @Override
  public void launchKernel(
      long function,
      int gridX,
      int gridY,
      int gridZ,
      int blockX,
      int blockY,
      int blockZ,
      int sharedBytes,
      long stream,
      MemorySegment parameters) {
    MemorySegment extra = MemorySegment.NULL;
    call(
        "cuLaunchKernel",
        () ->
            (int)
                f.cuLaunchKernel.invokeExact(
                    function,
                    gridX,
                    gridY,
                    gridZ,
                    blockX,
                    blockY,
                    blockZ,
                    sharedBytes,
                    stream,
                    parameters,
                    extra),
        () ->
            "launching a kernel of (%d, %d, %d) blocks of (%d, %d, %d) threads"
                .formatted(gridX, gridY, gridZ, blockX, blockY, blockZ));
  }

  @Override
  public long pointerGetContext(long pointer) {
    return read(
        "cuPointerGetAttribute",
        out -> (int) f.cuPointerGetAttribute.invokeExact(out, POINTER_ATTRIBUTE_CONTEXT, pointer),
        () -> "looking up the context of device pointer 0x%x".formatted(pointer));
  }

  /** One downcall; the place of {@code invokeExact}. */
  @FunctionalInterface
  private interface Downcall {
    int run() throws Throwable;
  }

  /** One downcall that writes one value of at most eight bytes. */
  @FunctionalInterface
  private interface ReadingDowncall {
    int run(MemorySegment out) throws Throwable;
  }

  private void call(String function, Downcall downcall, Supplier<String> doing) {
    int code;
    try {
      code = downcall.run();
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    if (code != 0) {
      throw failure(code, function, doing.get());
    }
  }

  private long read(String function, ReadingDowncall downcall, Supplier<String> doing) {
    try (Arena arena = Arena.ofConfined()) {
      // Zeroed, so that a value of four bytes reads as the same number (all machines that CUDA
      // runs on are little-endian).
      MemorySegment out = arena.allocate(JAVA_LONG);
      int code;
      try {
        code = downcall.run(out);
      } catch (Throwable thrown) {
        throw NativeFunctions.refused(thrown);
      }
      if (code != 0) {
        throw failure(code, function, doing.get());
      }
      return out.get(JAVA_LONG, 0);
    }
  }

  private CudaException failure(int code, String function, String doing) {
    String name = codeName(code);
    return code == CudaOutOfMemoryException.CODE
        ? new CudaOutOfMemoryException(library(), function, code, name, doing)
        : new CudaException(library(), function, code, name, doing);
  }

  private String codeName(int code) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      int failed;
      try {
        failed = (int) f.cuGetErrorName.invokeExact(code, out);
      } catch (Throwable thrown) {
        throw NativeFunctions.refused(thrown);
      }
      MemorySegment name = out.get(ADDRESS, 0);
      return failed != 0 || name.address() == 0
          ? "an unknown CUresult"
          : name.reinterpret(NAME_BYTES).getString(0);
    }
  }
}
