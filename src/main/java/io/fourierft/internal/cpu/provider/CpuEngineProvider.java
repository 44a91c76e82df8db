package io.fourierft.internal.cpu.provider;

import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe;
import io.fourierft.EngineProvider;
import io.fourierft.EngineSelection;
import io.fourierft.EngineUnavailableException;
import io.fourierft.FourierEngine;
import io.fourierft.internal.cpu.CpuEngine;
import io.fourierft.internal.cpu.CpuKernels;
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
  public EngineProbe probe(EngineOptions options) {
    KernelChoice choice = KernelChoice.of(options);
    if (choice.kernels() == null) {
      return new EngineProbe.Unavailable("cpu", choice.obstacles());
    }
    List<String> details = new ArrayList<>();
    details.add(
        "threads: %d of %d processors"
            .formatted(threads(options), Runtime.getRuntime().availableProcessors()));
    details.addAll(choice.details());
    return new EngineProbe.Available("cpu", details);
  }

  @Override
  public FourierEngine open(EngineOptions options, EngineSelection selection) {
    KernelChoice choice = KernelChoice.of(options);
    Supplier<CpuKernels> kernels = choice.kernels();
    if (kernels == null) {
      throw new EngineUnavailableException(choice.obstacles().toString());
    }
    return new CpuEngine(kernels.get(), threads(options), selection);
  }

  private static int threads(EngineOptions options) {
    return options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
  }
}
