package io.fourierft.internal.cuda.kernels;

import io.fourierft.FourierException;
import io.fourierft.cuda.CudaException;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.memory.DeviceBlock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/** The kernels, loaded into one context. */
public final class KernelModule implements AutoCloseable {
  private static final int BLOCKS_PER_MULTIPROCESSOR = 16;

  private final CudaContext context;
  private final long module;
  private final Map<Kernel, Long> functions = new EnumMap<>(Kernel.class);
  private final Map<Kernel, Map<Long, Integer>> resident = new EnumMap<>(Kernel.class);
  private final int mostSharedBytes;
  private boolean closed;

  private KernelModule(CudaContext context, long module) {
    this.context = context;
    this.module = module;
    for (Kernel kernel : Kernel.values()) {
      resident.put(kernel, new ConcurrentHashMap<>());
    }
    this.mostSharedBytes =
        context
            .driver()
            .deviceGetAttribute(
                CudaDriver.MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, context.device().handle());
  }

  /**
   * Loads the kernels and compares their ABI version with that of this code.
   *
   * @throws FourierException if there is no code for this GPU, or the version differs
   */
  public static KernelModule load(CudaContext context, KernelImage image) {
    return context.call(
        () -> {
          KernelModule kernels = new KernelModule(context, loadImage(context, image));
          boolean complete = false;
          try {
            for (Kernel kernel : Kernel.values()) {
              kernels.functions.put(
                  kernel, context.driver().moduleGetFunction(kernels.module, kernel.symbol()));
            }
            kernels.allowSharedMemory();
            kernels.requireAbi();
            complete = true;
            return kernels;
          } finally {
            if (!complete) {
              kernels.close();
            }
          }
        });
  }

  private void allowSharedMemory() {
    for (Kernel kernel : Kernel.values()) {
      if (kernel.takesLines()) {
        context
            .driver()
            .funcSetAttribute(
                function(kernel), CudaDriver.MAX_DYNAMIC_SHARED_SIZE_BYTES, mostSharedBytes);
      }
    }
  }

  /** Shared memory that a block of a kernel of lines may take. */
  public int mostSharedBytes() {
    return mostSharedBytes;
  }

  private static long loadImage(CudaContext context, KernelImage image) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(image.bytes().length, 64);
      bytes.copyFrom(MemorySegment.ofArray(image.bytes()));
      return context.driver().moduleLoadData(bytes);
    } catch (CudaException e) {
      String reason =
          switch (e.code()) {
            case 209 -> "holds no code for this GPU";
            case 222 -> "was compiled by a CUDA newer than the driver";
            case 200, 218 -> "cannot be read by the driver";
            default -> null;
          };
      if (reason == null) {
        throw e;
      }
      throw new FourierException(
          "the kernel image (%s) %s, %s of compute capability %d.%d; %s"
              .formatted(
                  image.description(),
                  reason,
                  context.device().name(),
                  context.device().major(),
                  context.device().minor(),
                  "update the driver, or build the jar with a CUDA toolkit for this GPU"),
          e);
    }
  }

  private void requireAbi() {
    CudaDriver driver = context.driver();
    int found;
    try (DeviceBlock version = DeviceBlock.allocate(context, Integer.BYTES);
        Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(ValueLayout.JAVA_INT);
      LaunchArguments arguments = new LaunchArguments(arena).start().add(version.pointer());
      driver.launchKernel(
          function(Kernel.ABI_VERSION), 1, 1, 1, Kernel.BLOCK, 1, 1, 0, 0, arguments.pointers());
      driver.memcpyDtoHAsync(host, version.pointer(), Integer.BYTES, 0);
      driver.streamSynchronize(0);
      found = host.get(ValueLayout.JAVA_INT, 0);
    }
    requireAbi(found);
  }

  /** Compares ABI versions. */
  public static void requireAbi(int found) {
    if (found != Kernel.ABI) {
      throw new FourierException(
          "the kernel image has ABI version %d, but this jar needs %d; build the kernels again"
              .formatted(found, Kernel.ABI));
    }
  }

  /** The CUfunction of a kernel. */
  public long function(Kernel kernel) {
    Long function = functions.get(kernel);
    if (function == null) {
      throw new IllegalStateException(kernel.symbol() + " is not loaded");
    }
    return function;
  }

  /** A good grid for so many blocks of work. */
  public int grid(long work) {
    long most = (long) BLOCKS_PER_MULTIPROCESSOR * context.device().multiprocessors();
    return (int) Math.clamp(work, 1, most);
  }

  /** The grid of a kernel of lines: as many blocks as run at a time, or fewer. */
  public int grid(Kernel kernel, long work, int threads, int sharedBytes) {
    long most =
        (long) Math.max(resident(kernel, threads, sharedBytes), 1)
            * context.device().multiprocessors();
    return (int) Math.clamp(work, 1, most);
  }

  /** How many blocks of so many threads and bytes a multiprocessor runs at a time. */
  private int resident(Kernel kernel, int threads, int sharedBytes) {
    Map<Long, Integer> known = Objects.requireNonNull(resident.get(kernel));
    Long block = (long) threads << Integer.SIZE | sharedBytes;
    Integer blocks = known.get(block);
    if (blocks == null) {
      blocks =
          context
              .driver()
              .occupancyMaxActiveBlocksPerMultiprocessor(function(kernel), threads, sharedBytes);
      known.put(block, blocks);
    }
    return blocks;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.release(() -> context.driver().moduleUnload(module));
    }
  }
}
