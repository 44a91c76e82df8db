package io.fourierft.merge;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A process that merges one tensor, says so, and waits for ever: to be killed in the middle. */
public final class MergeUntilWaiting {
  private MergeUntilWaiting() {}

  /** Takes base, adapter and output. */
  public static void main(String[] arguments) throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    try (FourierEngine engine =
        FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1))) {
      ModelMerge.run(
          engine,
          Path.of(arguments[0]),
          List.of(Path.of(arguments[1])),
          Path.of(arguments[2]),
          MergeOptions.defaults().withOverwrite(true),
          (done, total, what) -> {
            System.out.println("half-way after " + what);
            try {
              never.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
  }
}
