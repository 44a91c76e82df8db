package io.fourierft.internal.cuda.ffm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.fourierft.cuda.CudaException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory of the CUDA driver. */
public abstract class PanamaMemory extends DriverCalls implements CudaMemory {
  private static final int INVALID_VALUE = 1;
  private static final int POINTER_ATTRIBUTE_CONTEXT = 1;
  private static final int POINTER_ATTRIBUTE_DEVICE_ORDINAL = 9;

  PanamaMemory(DriverFunctions functions) {
    super(functions);
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
  public long pointerGetContext(long pointer) {
    try {
      return read(
          "cuPointerGetAttribute",
          out -> (int) f.cuPointerGetAttribute.invokeExact(out, POINTER_ATTRIBUTE_CONTEXT, pointer),
          () -> "looking up the context of device pointer 0x%x".formatted(pointer));
    } catch (CudaException e) {
      // A driver may say that the pointer has no such attribute, instead of a null context.
      if (e.code() == INVALID_VALUE) {
        return 0;
      }
      throw e;
    }
  }

  @Override
  public int pointerGetDeviceOrdinal(long pointer) {
    return (int)
        read(
            "cuPointerGetAttribute",
            out ->
                (int)
                    f.cuPointerGetAttribute.invokeExact(
                        out, POINTER_ATTRIBUTE_DEVICE_ORDINAL, pointer),
            () -> "looking up the device of pointer 0x%x".formatted(pointer));
  }

  @Override
  public void memcpy2DHtoDAsync(
      long to, long pitch, MemorySegment from, long rowBytes, long rows, long stream) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = RectangleCopy.toDevice(arena, from, to, pitch, rowBytes, rows);
      call(
          "cuMemcpy2DAsync_v2",
          () -> (int) f.cuMemcpy2DAsync_v2.invokeExact(copy, stream),
          () -> "copying %d rows of %d bytes to the device".formatted(rows, rowBytes));
    }
  }

  @Override
  public void memcpy2DDtoHAsync(
      MemorySegment to, long from, long pitch, long rowBytes, long rows, long stream) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = RectangleCopy.toHost(arena, to, from, pitch, rowBytes, rows);
      call(
          "cuMemcpy2DAsync_v2",
          () -> (int) f.cuMemcpy2DAsync_v2.invokeExact(copy, stream),
          () -> "copying %d rows of %d bytes from the device".formatted(rows, rowBytes));
    }
  }

  @Override
  public void memsetD2D8Async(
      long pointer, long pitch, byte value, long rowBytes, long rows, long stream) {
    call(
        "cuMemsetD2D8Async",
        () -> (int) f.cuMemsetD2D8Async.invokeExact(pointer, pitch, value, rowBytes, rows, stream),
        () -> "setting %d rows of %d bytes on the device".formatted(rows, rowBytes));
  }
}
