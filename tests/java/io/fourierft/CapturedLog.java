package io.fourierft;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What a class logs while something runs, kept from the console. */
public final class CapturedLog {
  private CapturedLog() {}

  /** The entries of {@code owner}'s log, as {@code LEVEL text}. */
  public static List<String> of(Class<?> owner, Runnable action) {
    List<String> entries = new ArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            entries.add(entry.getLevel() + " " + entry.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger(owner.getName());
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    try {
      action.run();
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(true);
    }
    return entries;
  }
}
