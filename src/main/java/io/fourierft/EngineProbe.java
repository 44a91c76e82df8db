package io.fourierft;

import java.util.List;

/** What looking for an engine found: that it can be had, or every reason why not. */
public sealed interface EngineProbe {
  /** The engine's name, as {@code cpu} or {@code cuda:0}. */
  String engine();

  /**
   * The engine can be opened.
   *
   * @param engine its name
   * @param details one line each: device, library versions, kernel sets taken and not taken
   */
  record Available(String engine, List<String> details) implements EngineProbe {
    /** Copies the list. */
    public Available {
      details = List.copyOf(details);
    }
  }

  /**
   * The engine cannot be opened here.
   *
   * @param engine its name
   * @param obstacles all that stood in the way, not only the first
   * @param gpuPresent whether the machine has a GPU all the same, which lies idle
   */
  record Unavailable(String engine, List<Obstacle> obstacles, boolean gpuPresent)
      implements EngineProbe {
    /** Copies the list. */
    public Unavailable {
      obstacles = List.copyOf(obstacles);
    }
  }

  /**
   * One reason why an engine cannot be had.
   *
   * @param what the thing that was needed
   * @param found what was there instead, and where it was looked for
   * @param remedy what the user can do
   */
  record Obstacle(String what, String found, String remedy) {
    @Override
    public String toString() {
      return what + ": " + found + "; " + remedy;
    }
  }
}
