package io.fourierft.internal.cuda;

import java.nio.file.Files;
import java.nio.file.Path;
import net.jqwik.api.lifecycle.AfterContainerHook;
import net.jqwik.api.lifecycle.ContainerLifecycleContext;
import net.jqwik.api.lifecycle.LifecycleContext;
import net.jqwik.api.lifecycle.SkipExecutionHook;

/** {@link EmulatorLeakCheck} for jqwik, which has life-cycle hooks of its own. */
final class EmulatorHook implements SkipExecutionHook, AfterContainerHook {
  @Override
  public SkipResult shouldBeSkipped(LifecycleContext context) {
    return Files.exists(Path.of(System.getProperty("fourierft.cuda", "none")))
        ? SkipResult.doNotSkip()
        : SkipResult.skip("the emulated CUDA driver was not built");
  }

  @Override
  public void afterContainer(ContainerLifecycleContext context) {
    EmulatedCuda.require().assertNothingLeft();
  }
}
