package io.fourierft.internal.cpu.provider;

import io.fourierft.EngineOptions;
import io.fourierft.internal.cpu.CpuEngine;
import io.fourierft.internal.cpu.CpuKernels;
import io.fourierft.internal.selection.EngineCandidate;
import io.fourierft.internal.selection.EngineProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Offers the CPU engine, which every machine has. */
public final class CpuEngineProvider implements EngineProvider {
  /** For {@link java.util.ServiceLoader}. */
  public CpuEngineProvider() {}

  @Override
  public String kind() {
    return "cpu";
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public EngineCandidate examine(EngineOptions options) {
    KernelChoice choice = KernelChoice.of(options);
    Supplier<CpuKernels> kernels = choice.kernels();
    if (kernels == null) {
      return EngineCandidate.unavailable("cpu", choice.obstacles(), false);
    }
    int threads = threads(options);
    List<String> details = new ArrayList<>();
    details.add(
        "threads: %d of %d processors"
            .formatted(threads, Runtime.getRuntime().availableProcessors()));
    details.addAll(choice.details());
    return EngineCandidate.available(
        "cpu", details, selection -> new CpuEngine(kernels.get(), threads, selection));
  }

  private static int threads(EngineOptions options) {
    return options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
  }
}
