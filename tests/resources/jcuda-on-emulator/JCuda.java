package jcuda.runtime;

import io.fourierft.ElementType;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.EmulatedCuda;
import io.fourierft.internal.jcuda.NativeAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import jcuda.Pointer;

/** In place of JCuda's class of this name, whose native part needs a GPU: the emulated driver. */
public final class JCuda {
  private static final NativeAddress ADDRESSES = new NativeAddress();
  private static final Map<Long, AutoCloseable> OPEN = new HashMap<>();
  private static CudaFourierEngine engine;

  private JCuda() {}

  public static void setExceptionsEnabled(boolean enabled) {
    engine = EmulatedCuda.open(0);
  }

  public static int cudaMalloc(Pointer pointer, long bytes) {
    DeviceBuffer buffer = engine.newBuffer(ElementType.F32, 1, (int) (bytes / 4));
    OPEN.put(buffer.pointer(), buffer);
    ADDRESSES.give(pointer, buffer.pointer());
    return 0;
  }

  public static int cudaMemcpy(Pointer to, Pointer from, long bytes, int kind) {
    floats(to, (int) (bytes / 4)).copyFrom(MemorySegment.ofArray(array(from)));
    return 0;
  }

  public static int cudaFree(Pointer pointer) {
    return close(ADDRESSES.of(pointer));
  }

  public static int cudaStreamCreate(cudaStream_t stream) {
    CudaStream made = engine.newStream();
    OPEN.put(made.handle(), made);
    ADDRESSES.give(stream, made.handle());
    return 0;
  }

  public static int cudaStreamSynchronize(cudaStream_t stream) {
    ((CudaStream) OPEN.get(ADDRESSES.of(stream))).synchronize();
    return 0;
  }

  public static int cudaStreamDestroy(cudaStream_t stream) {
    int status = close(ADDRESSES.of(stream));
    if (OPEN.isEmpty()) {
      engine.close();
    }
    return status;
  }

  private static int close(long address) {
    try {
      OPEN.remove(address).close();
      return 0;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The emulator's device memory, which is the host's. */
  public static MemorySegment floats(Pointer pointer, int count) {
    return MemorySegment.ofAddress(ADDRESSES.of(pointer)).reinterpret(4L * count);
  }

  /** The array behind a pointer to Java's memory. */
  public static float[] array(Pointer pointer) {
    try {
      Field buffer = Pointer.class.getDeclaredField("buffer");
      buffer.setAccessible(true);
      return ((FloatBuffer) buffer.get(pointer)).array();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  public static float at(MemorySegment memory, long index) {
    return memory.getAtIndex(ValueLayout.JAVA_FLOAT, index);
  }

  public static void set(MemorySegment memory, long index, float value) {
    memory.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
  }
}
