package io.fourierft.internal.cuda;

import net.jqwik.api.lifecycle.LifecycleContext;
import net.jqwik.api.lifecycle.SkipExecutionHook;

/** Skips properties where no device was named; jqwik does not know JUnit's assumptions. */
final class RealCudaHook implements SkipExecutionHook {
  @Override
  public SkipResult shouldBeSkipped(LifecycleContext context) {
    return RealCuda.isWanted()
        ? SkipResult.doNotSkip()
        : SkipResult.skip("no device was named with -D" + RealCuda.PROPERTY + "=cuda:N");
  }
}
