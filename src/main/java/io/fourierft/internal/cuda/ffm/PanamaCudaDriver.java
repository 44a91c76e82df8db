package io.fourierft.internal.cuda.ffm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The CUDA driver through java.lang.foreign. Thread-safe, as the driver is. */
public final class PanamaCudaDriver extends PanamaStreams implements CudaDriver {
  /**
   * Binds every function.
   *
   * @throws io.fourierft.FourierException if the library lacks one
   */
  public PanamaCudaDriver(FoundLibrary library) {
    super(new DriverFunctions(library.symbols(), library.path()));
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
  public void funcSetAttribute(long function, int attribute, int value) {
    call(
        "cuFuncSetAttribute",
        () -> (int) f.cuFuncSetAttribute.invokeExact(function, attribute, value),
        () -> "setting attribute %d of a kernel to %d".formatted(attribute, value));
  }

  @Override
  public int occupancyMaxActiveBlocksPerMultiprocessor(
      long function, int threads, long sharedBytes) {
    return (int)
        read(
            "cuOccupancyMaxActiveBlocksPerMultiprocessor",
            out ->
                (int)
                    f.cuOccupancyMaxActiveBlocksPerMultiprocessor.invokeExact(
                        out, function, threads, sharedBytes),
            () ->
                "asking how many blocks of %d threads with %d bytes run at a time"
                    .formatted(threads, sharedBytes));
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
    // Written out, since every operation comes through here: a lambda would capture it all.
    int code;
    try {
      code =
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
                  MemorySegment.NULL);
    } catch (Throwable thrown) {
      throw NativeFunctions.refused(thrown);
    }
    if (code != 0) {
      throw failure(
          code,
          "cuLaunchKernel",
          "launching a kernel of (%d, %d, %d) blocks of (%d, %d, %d) threads"
              .formatted(gridX, gridY, gridZ, blockX, blockY, blockZ));
    }
  }
}
