package io.fourierft.internal.cuda;

import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe;
import io.fourierft.EngineProvider;
import io.fourierft.EngineSelection;
import io.fourierft.FourierEngine;
import java.util.List;

/** The engine on a CUDA GPU; tried before the CPU. */
public final class CudaEngineProvider implements EngineProvider {
  /** For the service loader. */
  public CudaEngineProvider() {}

  @Override
  public String kind() {
    return "cuda";
  }

  @Override
  public int priority() {
    return 100;
  }

  @Override
  public EngineProbe probe(EngineOptions options) {
    try {
      return CudaSurvey.of(options).probe();
    } catch (RuntimeException e) {
      // A broken driver must not keep anyone from using the CPU.
      return new EngineProbe.Unavailable(
          "cuda",
          List.of(
              new EngineProbe.Obstacle(
                  "the CUDA driver", e.toString(), "see whether nvidia-smi works")));
    }
  }

  @Override
  public FourierEngine open(EngineOptions options, EngineSelection choice) {
    return CudaSurvey.of(options).open(choice);
  }
}
