package io.fourierft.benchmarks;

import java.nio.file.Path;

/** Where {@code run.sh} says that this project stands. */
final class Home {
  private Home() {}

  static Path folder() {
    String home = System.getenv("FOURIERFT_BENCHMARKS_HOME");
    if (home == null) {
      throw new IllegalStateException(
          "FOURIERFT_BENCHMARKS_HOME is not set; start the benchmarks by benchmarks/run.sh");
    }
    return Path.of(home);
  }

  static String commit() {
    String commit = System.getenv("FOURIERFT_BENCHMARKS_COMMIT");
    return commit == null ? "unknown" : commit;
  }
}
