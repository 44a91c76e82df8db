package io.fourierft.cli;

import java.io.PrintWriter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Shows the library's warnings as this program's own lines on standard error, and nothing less than
 * a warning. Leaves the log alone where the user configured it by {@code java.util.logging}'s
 * properties.
 */
final class CommandLog extends Handler {
  private static final Logger LIBRARY = Logger.getLogger("io.fourierft");

  private final PrintWriter err;

  private CommandLog(PrintWriter err) {
    this.err = err;
  }

  /** Takes the library's log over for the rest of the process. */
  static void install(PrintWriter err) {
    if (System.getProperty("java.util.logging.config.file") == null
        && System.getProperty("java.util.logging.config.class") == null) {
      LIBRARY.setUseParentHandlers(false);
      LIBRARY.setLevel(Level.WARNING);
      LIBRARY.addHandler(new CommandLog(err));
    }
  }

  @Override
  public void publish(LogRecord entry) {
    if (isLoggable(entry)) {
      err.println("fourierft: warning: " + entry.getMessage());
    }
  }

  @Override
  public void flush() {
    err.flush();
  }

  @Override
  public void close() {}
}
