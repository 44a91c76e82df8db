package io.fourierft.internal.selection;

import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe;
import io.fourierft.EngineProbe.Obstacle;
import io.fourierft.EngineSelection;
import io.fourierft.EngineUnavailableException;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * Chooses an engine: the one place that decides which is taken. Providers that the options want are
 * examined in order, and the first that can be opened is it. Where any device will do, one that
 * fails to open becomes a reason, and the next is tried; a device asked for by name is an error.
 */
public final class EngineChooser {
  private static final System.Logger LOG = System.getLogger(FourierEngine.class.getName());

  private final List<EngineProvider> providers;

  /** A choice among {@code providers}. */
  EngineChooser(List<EngineProvider> providers) {
    this.providers =
        providers.stream()
            .sorted(Comparator.comparingInt(EngineProvider::priority).reversed())
            .toList();
  }

  /** A choice among the engines of this build. */
  public static EngineChooser installed() {
    return new EngineChooser(
        ServiceLoader.load(EngineProvider.class, EngineChooser.class.getClassLoader()).stream()
            .map(ServiceLoader.Provider::get)
            .toList());
  }

  /**
   * Opens the engine that the options ask for, and says in the log which it is and why.
   *
   * @throws EngineUnavailableException with every obstacle, if there is none
   */
  public FourierEngine open(EngineOptions options) {
    List<EngineProbe> probes = new ArrayList<>();
    for (EngineProvider provider : providers) {
      if (options.wants(provider.kind())) {
        EngineCandidate candidate = provider.examine(options);
        FourierEngine engine = open(candidate, options, probes, !options.isAuto());
        if (engine != null) {
          SelectionNote.of(engine.selection()).log(LOG);
          return engine;
        }
      }
    }
    throw new EngineUnavailableException(refusal(options.device(), probes));
  }

  /**
   * Examines every engine, wanted or not, and opens the one that would be taken for a moment, to be
   * sure of it. Never throws because of an engine.
   */
  public EngineSelection survey(EngineOptions options) {
    List<EngineProbe> probes = new ArrayList<>();
    boolean taken = false;
    for (EngineProvider provider : providers) {
      EngineCandidate candidate = provider.examineWhole(options);
      if (taken || !options.wants(provider.kind())) {
        probes.add(candidate.probe());
        continue;
      }
      try (FourierEngine engine = open(candidate, options, probes, false)) {
        taken = engine != null;
      }
    }
    return new EngineSelection(options, probes);
  }

  /** Opens a candidate, or notes why not and gives null. */
  private static @Nullable FourierEngine open(
      EngineCandidate candidate,
      EngineOptions options,
      List<EngineProbe> probes,
      boolean failureIsError) {
    probes.add(candidate.probe());
    if (!(candidate instanceof EngineCandidate.Ready ready)) {
      return null;
    }
    try {
      return ready.opener().apply(new EngineSelection(options, probes));
    } catch (RuntimeException | LinkageError e) {
      if (failureIsError) {
        throw e;
      }
      probes.set(probes.size() - 1, failed(ready.probe().engine(), e));
      return null;
    }
  }

  private static EngineProbe failed(String engine, Throwable failure) {
    String message = failure.getMessage();
    return new EngineProbe.Unavailable(
        engine,
        List.of(
            new Obstacle(
                "opening it",
                failure instanceof FourierException && message != null
                    ? message
                    : failure.toString(),
                "ask for device %s by name to get the failure itself as an error"
                    .formatted(engine))),
        !engine.equals("cpu"));
  }

  private static String refusal(String device, List<EngineProbe> probes) {
    StringBuilder text =
        new StringBuilder("no engine for device '").append(device).append("' can be had");
    if (probes.isEmpty()) {
      text.append(": this build has no such engine");
    }
    for (EngineProbe probe : probes) {
      if (probe instanceof EngineProbe.Unavailable unavailable) {
        for (Obstacle obstacle : unavailable.obstacles()) {
          text.append("\n  ").append(unavailable.engine()).append(": ").append(obstacle);
        }
      }
    }
    return text.toString();
  }
}
