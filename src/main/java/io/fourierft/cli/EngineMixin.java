package io.fourierft.cli;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option that says where to compute. */
final class EngineMixin {
  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      completionCandidates = Devices.class,
      description = "auto, cpu, cuda or cuda:N; a device that cannot be had is an error")
  private @Nullable String device;

  @Option(
      names = "--threads",
      paramLabel = "COUNT",
      description = "worker threads of the CPU engine; 0, the default, for all processors")
  private @Nullable Integer threads;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /**
   * The engine that the options, or else the system properties, ask for.
   *
   * @throws ParameterException if they make no sense
   */
  FourierEngine open() {
    return FourierEngine.create(options());
  }

  private EngineOptions options() {
    try {
      EngineOptions options = EngineOptions.defaults();
      if (device != null) {
        options = options.withDevice(device);
      }
      return threads == null ? options : options.withThreads(threads);
    } catch (FourierException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  /** What a shell proposes. */
  static final class Devices implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return List.of("auto", "cpu", "cuda", "cuda:0").iterator();
    }
  }
}
