package io.fourierft.cli;

import io.fourierft.merge.ProgressListener;
import java.io.PrintStream;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A progress bar on standard error that appears once the work has taken more than a second. */
final class ProgressDisplay implements ProgressListener, AutoCloseable {
  private static final long PATIENCE_NANOS = 1_000_000_000L;
  private static final long MEBIBYTE = 1L << 20;

  private final String task;
  private final boolean enabled;
  private final LongSupplier nanoTime;
  private final PrintStream stream;
  private final long start;
  private @Nullable ProgressBar bar;

  /**
   * A display that has shown nothing yet.
   *
   * @param task what is being done, in a word or two
   * @param enabled false where the output is for machines
   */
  ProgressDisplay(String task, boolean enabled) {
    this(task, enabled, System::nanoTime, System.err);
  }

  /** The same by another clock, on another stream. */
  ProgressDisplay(String task, boolean enabled, LongSupplier nanoTime, PrintStream stream) {
    this.task = task;
    this.enabled = enabled;
    this.nanoTime = nanoTime;
    this.stream = stream;
    this.start = nanoTime.getAsLong();
  }

  @Override
  public void progressed(long bytesDone, long bytesTotal, String what) {
    if (!enabled || (bar == null && nanoTime.getAsLong() - start < PATIENCE_NANOS)) {
      return;
    }
    if (bar == null) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(bytesTotal)
              .setStyle(ProgressBarStyle.ASCII)
              .setUnit(unit(bytesTotal) == MEBIBYTE ? " MiB" : " KiB", unit(bytesTotal))
              .setConsumer(new ConsoleProgressBarConsumer(stream))
              .build();
    }
    bar.stepTo(bytesDone);
  }

  private static long unit(long bytesTotal) {
    return bytesTotal < 10 * MEBIBYTE ? 1L << 10 : MEBIBYTE;
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
