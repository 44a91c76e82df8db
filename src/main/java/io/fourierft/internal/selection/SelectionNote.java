package io.fourierft.internal.selection;

import io.fourierft.EngineProbe;
import io.fourierft.EngineProbe.Obstacle;
import io.fourierft.EngineSelection;
import java.lang.System.Logger.Level;

/**
 * The one line in the log that says which engine was taken and why.
 *
 * @param level WARNING where there is a GPU that could not be used, else INFO
 * @param text the line
 */
record SelectionNote(Level level, String text) {
  /** The note of a selection that took an engine. */
  static SelectionNote of(EngineSelection selection) {
    StringBuilder text = new StringBuilder();
    Level level = Level.INFO;
    for (EngineProbe probe : selection.probes()) {
      switch (probe) {
        case EngineProbe.Available available ->
            text.insert(
                0,
                "engine %s taken for device '%s': %s"
                    .formatted(
                        available.engine(),
                        selection.requested(),
                        String.join(", ", available.details())));
        case EngineProbe.Unavailable unavailable -> {
          if (unavailable.gpuPresent()) {
            level = Level.WARNING;
          }
          text.append("; not ").append(unavailable.engine());
          text.append(unavailable.gpuPresent() ? ", although there is a GPU: " : ": ");
          text.append(reasons(unavailable));
        }
      }
    }
    return new SelectionNote(level, text.toString());
  }

  private static String reasons(EngineProbe.Unavailable unavailable) {
    StringBuilder reasons = new StringBuilder();
    for (Obstacle obstacle : unavailable.obstacles()) {
      reasons.append(reasons.isEmpty() ? "" : ", ").append(obstacle.what()).append(" (");
      reasons.append(firstLine(obstacle.found()));
      reasons.append(unavailable.gpuPresent() ? "; " + firstLine(obstacle.remedy()) : "");
      reasons.append(')');
    }
    return reasons.toString();
  }

  /** Places that were searched stand on lines of their own; {@code doctor} shows them. */
  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("").replaceFirst("; looked in$", "");
  }

  void log(System.Logger logger) {
    logger.log(level, text);
  }
}
