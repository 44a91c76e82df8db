package io.fourierft.internal.cpu.provider;

import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe.Obstacle;
import io.fourierft.internal.cpu.CpuKernels;
import io.fourierft.internal.cpu.JTransformsKernels;
import io.fourierft.internal.cpu.simd.SimdKernels;
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
    boolean enabled = VectorModule.isEnabled();
    return switch (options.kernels()) {
      case "jtransforms" ->
          new KernelChoice(
              JTransformsKernels::new,
              List.of(
                  "kernels jtransforms: taken, as asked for",
                  "kernels simd: not taken, jtransforms were asked for"),
              List.of());
      case "simd" -> enabled ? simd() : refuseSimd();
      default -> enabled ? simd() : fallBack();
    };
  }

  private static KernelChoice simd() {
    return new KernelChoice(
        SimdKernels::new,
        List.of(
            "kernels simd: taken, " + SimdKernels.shape(),
            "kernels jtransforms: not taken, simd kernels are faster"),
        List.of());
  }

  private static KernelChoice fallBack() {
    return new KernelChoice(
        () -> {
          VectorModule.warnOnce();
          return new JTransformsKernels();
        },
        List.of(
            "kernels jtransforms: taken",
            "kernels simd: not taken, module %s is not enabled; start java with %s"
                .formatted(VectorModule.NAME, VectorModule.FLAG)),
        List.of());
  }

  private static KernelChoice refuseSimd() {
    return new KernelChoice(
        null,
        List.of(),
        List.of(
            new Obstacle(
                "SIMD kernels",
                "module " + VectorModule.NAME + " is not enabled in this JVM",
                "start java with "
                    + VectorModule.FLAG
                    + ", or use -D"
                    + EngineOptions.KERNELS_PROPERTY
                    + "=auto")));
  }
}
