package io.fourierft.internal.cuda;

import io.fourierft.EngineOptions;

/** Prints what the CUDA engine finds, for tests that need an environment of their own. */
final class SurveyMain {
  private SurveyMain() {}

  /** The device to look for is the only argument. */
  public static void main(String[] arguments) {
    System.out.println(
        CudaSurvey.of(EngineOptions.defaults().withDevice(arguments[0])).candidate().probe());
  }
}
