package io.fourierft.internal.selection;

import io.fourierft.EngineOptions;

/**
 * One kind of engine, found through {@link java.util.ServiceLoader}. Providers are tried in the
 * order of {@link #priority()}, highest first.
 */
public interface EngineProvider {
  /** The word that names this kind in {@link EngineOptions#device()}: {@code cpu}, {@code cuda}. */
  String kind();

  /** The greater is tried first; the CPU has 0. */
  int priority();

  /** Looks whether this engine can be had, without keeping anything open. Never throws. */
  EngineCandidate examine(EngineOptions options);

  /** As {@link #examine}, and looks also for what an engine loads only when it is first needed. */
  default EngineCandidate examineWhole(EngineOptions options) {
    return examine(options);
  }
}
