package io.fourierft.internal.cpu;

import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe.Obstacle;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Which kernel set an engine takes, and why not the other.
 *
 * @param kernels makes the kernel set; null if the one asked for cannot be had
 * @param details one line for each kernel set
 * @param obstacles why the one asked for cannot be had
 */
record KernelChoice(
    @Nullable Supplier<CpuKernels> kernels, List<String> details, List<Obstacle> obstacles) {
  /** Looks at the options and at this JVM; makes nothing. */
  static KernelChoice of(EngineOptions options) {
    List<String> details = new ArrayList<>();
    if (options.kernels().equals("simd")) {
      return new KernelChoice(
          null,
          List.of(),
          List.of(
              new Obstacle(
                  "SIMD kernels",
                  "this build has none",
                  "use -D" + EngineOptions.KERNELS_PROPERTY + "=jtransforms")));
    }
    details.add("kernels jtransforms: taken");
    details.add("kernels simd: not taken, this build has none");
    return new KernelChoice(JTransformsKernels::new, details, List.of());
  }
}
