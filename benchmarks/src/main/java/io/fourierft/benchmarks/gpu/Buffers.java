package io.fourierft.benchmarks.gpu;

import java.util.ArrayList;
import java.util.List;

/** Buffers that are closed together. */
final class Buffers implements AutoCloseable {
  private final List<AutoCloseable> all = new ArrayList<>();

  <T extends AutoCloseable> T add(T buffer) {
    all.add(buffer);
    return buffer;
  }

  @Override
  public void close() {
    for (AutoCloseable each : all.reversed()) {
      try {
        each.close();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
