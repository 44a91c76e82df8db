package io.fourierft.internal.selection;

import io.fourierft.EngineProbe;
import io.fourierft.EngineProbe.Obstacle;
import io.fourierft.EngineSelection;
import io.fourierft.FourierEngine;
import java.util.List;
import java.util.function.Function;

/** An engine that was looked for: what is told of it and, where it can be had, what opens it. */
public sealed interface EngineCandidate {
  /** What looking for it found. */
  EngineProbe probe();

  /** An engine that {@code opener} opens; it is given how the engine came to be chosen. */
  static EngineCandidate available(
      String engine, List<String> details, Function<EngineSelection, FourierEngine> opener) {
    return new Ready(new EngineProbe.Available(engine, details), opener);
  }

  /** An engine that cannot be had, though there may be a GPU for it. */
  static EngineCandidate unavailable(String engine, List<Obstacle> obstacles, boolean gpuPresent) {
    return new Refused(new EngineProbe.Unavailable(engine, obstacles, gpuPresent));
  }

  /**
   * It can be opened, as far as can be said without doing so.
   *
   * @param probe what was found
   * @param opener opens exactly what was found
   */
  record Ready(EngineProbe.Available probe, Function<EngineSelection, FourierEngine> opener)
      implements EngineCandidate {}

  /**
   * It cannot be opened.
   *
   * @param probe why not
   */
  record Refused(EngineProbe.Unavailable probe) implements EngineCandidate {}
}
