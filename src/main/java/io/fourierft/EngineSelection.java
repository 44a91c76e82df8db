package io.fourierft;

import io.fourierft.internal.selection.EngineChooser;
import java.util.List;
import java.util.Optional;

/**
 * Which engine was chosen and what became of every candidate.
 *
 * @param options what was asked for
 * @param probes every engine that was looked for, in the order tried
 */
public record EngineSelection(EngineOptions options, List<EngineProbe> probes) {
  /** Copies the list. */
  public EngineSelection {
    probes = List.copyOf(probes);
  }

  /**
   * Looks for every engine of this machine, and opens for a moment the one that {@link
   * FourierEngine#create(EngineOptions)} would take, so that {@link #taken} is what really happens.
   * Never fails because of an engine: what stands in its way is in the probes.
   */
  public static EngineSelection survey(EngineOptions options) {
    return EngineChooser.installed().survey(options);
  }

  /** The device asked for, {@code auto} or a name. */
  public String requested() {
    return options.device();
  }

  /**
   * The engine that is used: the first available one of those asked for; empty if there is none.
   */
  public Optional<EngineProbe.Available> taken() {
    return probes.stream()
        .filter(probe -> options.wants(probe.engine()))
        .filter(EngineProbe.Available.class::isInstance)
        .map(EngineProbe.Available.class::cast)
        .findFirst();
  }
}
