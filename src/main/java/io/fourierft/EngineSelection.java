package io.fourierft;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/**
 * Which engine was chosen and what became of every candidate.
 *
 * @param requested the device asked for, {@code auto} or a name
 * @param probes every engine that was looked for, in the order tried
 */
public record EngineSelection(String requested, List<EngineProbe> probes) {
  private static final System.Logger LOG = System.getLogger(EngineSelection.class.getName());

  /** Copies the list. */
  public EngineSelection {
    probes = List.copyOf(probes);
  }

  /** Probes every engine of this machine and opens none. */
  public static EngineSelection survey(EngineOptions options) {
    List<EngineProbe> probes = new ArrayList<>();
    for (EngineProvider provider : providers()) {
      probes.add(provider.probe(options));
    }
    return new EngineSelection(options.device(), probes);
  }

  /**
   * Opens the engine that {@code options} ask for, or, for {@code auto}, the first that can be had.
   *
   * @throws EngineUnavailableException with every obstacle, if there is none
   */
  static FourierEngine open(EngineOptions options) {
    List<EngineProbe> probes = new ArrayList<>();
    for (EngineProvider provider : providers()) {
      boolean wanted =
          options.device().equals("auto")
              || options.device().equals(provider.kind())
              || options.device().startsWith(provider.kind() + ":");
      if (!wanted) {
        continue;
      }
      EngineProbe probe = provider.probe(options);
      probes.add(probe);
      if (probe instanceof EngineProbe.Available available) {
        LOG.log(System.Logger.Level.DEBUG, () -> "engine " + available.engine() + " chosen");
        return provider.open(options, new EngineSelection(options.device(), probes));
      }
    }
    throw new EngineUnavailableException(refusal(options.device(), probes));
  }

  private static String refusal(String device, List<EngineProbe> probes) {
    StringBuilder text =
        new StringBuilder("no engine for device '").append(device).append("' can be had");
    if (probes.isEmpty()) {
      text.append(": this build has no such engine");
    }
    for (EngineProbe probe : probes) {
      if (probe instanceof EngineProbe.Unavailable unavailable) {
        for (EngineProbe.Obstacle obstacle : unavailable.obstacles()) {
          text.append("\n  ").append(unavailable.engine()).append(": ").append(obstacle);
        }
      }
    }
    return text.toString();
  }

  private static List<EngineProvider> providers() {
    return ServiceLoader.load(EngineProvider.class, EngineSelection.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparingInt(EngineProvider::priority).reversed())
        .toList();
  }
}
