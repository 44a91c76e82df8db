package io.fourierft.cli;

import io.fourierft.merge.ProgressListener;
import java.io.PrintStream;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * A progress bar on standard error that appears once the work has taken more than a second and its
 * size is known, and is drawn every second from then on, however long one step of the work takes:
 * how much is done, at what rate, and how long the rest will take.
 *
 * <p>Nothing is drawn where standard error is no terminal: a file or a log would keep every
 * picture.
 */
final class ProgressDisplay implements ProgressListener, AutoCloseable {
  private static final long PATIENCE_NANOS = 1_000_000_000L;
  private static final long MEBIBYTE = 1L << 20;

  /** Asking for the terminal's own width would unpack a native library. */
  private static final int WIDTH = 79;

  private final String task;
  private final boolean adapters;
  private final boolean enabled;
  private final LongSupplier nanoTime;
  private final PrintStream stream;
  private final long start;
  private final @Nullable Thread waiting;
  private @Nullable ProgressBar bar;
  private long total = -1;
  private boolean overdue;
  private boolean closed;

  /**
   * A display that has shown nothing yet.
   *
   * @param task what is being done, in a word or two
   * @param enabled false where the output is for machines
   */
  ProgressDisplay(String task, boolean enabled) {
    this(task, false, enabled && Terminal.isStandardError(), System::nanoTime, System.err, true);
  }

  /** The same where adapters are counted, and not bytes. */
  static ProgressDisplay ofAdapters(String task, boolean enabled) {
    return new ProgressDisplay(
        task, true, enabled && Terminal.isStandardError(), System::nanoTime, System.err, true);
  }

  /**
   * The same by another clock, on another stream.
   *
   * @param adapters whether adapters are counted, and not bytes
   * @param byItself whether the bar appears in time even if nothing has progressed by then
   */
  ProgressDisplay(
      String task,
      boolean adapters,
      boolean enabled,
      LongSupplier nanoTime,
      PrintStream stream,
      boolean byItself) {
    this.task = task;
    this.adapters = adapters;
    this.enabled = enabled;
    this.nanoTime = nanoTime;
    this.stream = stream;
    this.start = nanoTime.getAsLong();
    this.waiting =
        enabled && byItself
            ? Thread.ofPlatform().daemon().name("fourierft-progress").start(this::showInTime)
            : null;
  }

  private void showInTime() {
    try {
      Thread.sleep(Duration.ofNanos(PATIENCE_NANOS));
      synchronized (this) {
        overdue = true;
        if (total >= 0) {
          show();
        }
      }
    } catch (InterruptedException e) {
      // The work is done.
    }
  }

  private ProgressBar show() {
    ProgressBar shown = bar;
    if (shown == null) {
      boolean small = total < 10 * MEBIBYTE;
      shown =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(total)
              .setStyle(ProgressBarStyle.ASCII)
              .setUnit(
                  adapters ? " adapters" : small ? " KiB" : " MiB",
                  adapters ? 1 : small ? 1L << 10 : MEBIBYTE)
              .showSpeed(new DecimalFormat("0.0", DecimalFormatSymbols.getInstance(Locale.ROOT)))
              .setConsumer(new ConsoleProgressBarConsumer(stream, WIDTH))
              .continuousUpdate()
              .build();
      if (closed) {
        shown.close();
      } else {
        bar = shown;
      }
    }
    return shown;
  }

  @Override
  public synchronized void progressed(long done, long newTotal, String what) {
    total = newTotal;
    if (enabled && (overdue || bar != null || nanoTime.getAsLong() - start >= PATIENCE_NANOS)) {
      show().maxHint(total).stepTo(done);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (waiting != null) {
      waiting.interrupt();
    }
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
