package io.fourierft.internal.cuda.stream;

import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.kernels.KernelModule;
import io.fourierft.internal.cuda.kernels.LaunchArguments;
import java.lang.foreign.Arena;
import java.util.EnumMap;
import java.util.Map;

/** Launches this project's kernels on one stream. Used by one thread at a time. */
final class KernelLauncher {
  private final CudaDriver driver;
  private final KernelModule kernels;
  private final long stream;
  private final LaunchArguments arguments;
  private final Map<Kernel, Count> launches = new EnumMap<>(Kernel.class);

  /** Boxed numbers would be garbage at every launch. */
  private static final class Count {
    private long made;
  }

  /**
   * A launcher.
   *
   * @param stream the CUstream
   * @param arena what the parameters' memory belongs to
   */
  KernelLauncher(CudaDriver driver, KernelModule kernels, long stream, Arena arena) {
    this.driver = driver;
    this.kernels = kernels;
    this.stream = stream;
    this.arguments = new LaunchArguments(arena);
  }

  /** An empty list of parameters; the one before must have been launched. */
  LaunchArguments arguments() {
    return arguments.start();
  }

  /** The grid for so many pieces of work. */
  int grid(long work) {
    return kernels.grid(work);
  }

  /** Launches a kernel over so many pieces of work. */
  void launch(Kernel kernel, long work, LaunchArguments parameters) {
    if (work > 0) {
      launchGrid(kernel, grid(work), parameters);
    }
  }

  /** Launches a kernel with a grid of that many blocks. */
  void launchGrid(Kernel kernel, int blocks, LaunchArguments parameters) {
    launch(kernel, blocks, Kernel.BLOCK, 0, parameters);
  }

  /**
   * Launches a kernel that keeps lines in shared memory.
   *
   * @param work blocks that have something to do
   * @param threads of a block
   * @param sharedBytes dynamic shared memory of a block
   */
  void launchLines(
      Kernel kernel, long work, int threads, long sharedBytes, LaunchArguments parameters) {
    if (work > 0) {
      int bytes = Math.toIntExact(sharedBytes);
      launch(kernel, kernels.grid(kernel, work, threads, bytes), threads, bytes, parameters);
    }
  }

  /** Kernels launched so far. */
  long launches() {
    return launches.values().stream().mapToLong(count -> count.made).sum();
  }

  /** How often this one of them was. */
  long launches(Kernel kernel) {
    return launches.getOrDefault(kernel, new Count()).made;
  }

  private void launch(
      Kernel kernel, int blocks, int threads, int sharedBytes, LaunchArguments parameters) {
    launches.computeIfAbsent(kernel, _ -> new Count()).made++;
    driver.launchKernel(
        kernels.function(kernel),
        blocks,
        1,
        1,
        threads,
        1,
        1,
        sharedBytes,
        stream,
        parameters.pointers());
  }
}
