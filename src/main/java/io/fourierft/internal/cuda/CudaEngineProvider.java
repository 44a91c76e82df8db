package io.fourierft.internal.cuda;

import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe.Obstacle;
import io.fourierft.internal.selection.EngineCandidate;
import io.fourierft.internal.selection.EngineProvider;
import java.nio.file.Path;
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
  public EngineCandidate examine(EngineOptions options) {
    return examine(options, false);
  }

  @Override
  public EngineCandidate examineWhole(EngineOptions options) {
    return examine(options, true);
  }

  private EngineCandidate examine(EngineOptions options, boolean whole) {
    boolean asked = options.wants(kind()) && !options.isAuto();
    if (!asked && !CudaEngineProvider.class.getModule().isNativeAccessEnabled()) {
      // To load a library would make Java warn people who may never have heard of CUDA.
      return EngineCandidate.unavailable(
          "cuda:0",
          List.of(
              new Obstacle(
                  "native access",
                  "it is not granted, so no library of CUDA was looked for",
                  "start java with --enable-native-access=io.fourierft (ALL-UNNAMED on the class"
                      + " path), or ask for device cuda")),
          DeviceFiles.showDevice(Path.of("/")));
    }
    try {
      CudaSurvey survey = CudaSurvey.of(options);
      if (whole) {
        survey.examineCublas();
      }
      return survey.candidate();
    } catch (RuntimeException | LinkageError e) {
      // A broken driver must not keep anyone from using the CPU.
      return EngineCandidate.unavailable(
          "cuda",
          List.of(new Obstacle("the CUDA driver", e.toString(), "see whether nvidia-smi works")),
          DeviceFiles.showDevice(Path.of("/")));
    }
  }
}
