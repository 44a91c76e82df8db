package io.fourierft.peft;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes {@code n_frequency_pattern} say what the spectra are. The keys are sorted when a
 * configuration is saved and the first that matches wins, so a pattern that was right in the order
 * of the training can be wrong in the file; PEFT would then fail on it.
 */
final class SavedPattern {
  private SavedPattern() {}

  /**
   * The configuration, its pattern replaced by whole module paths if it would not give every
   * module's length once sorted.
   */
  static FourierFtConfig fit(FourierFtConfig config, Collection<AdapterModule> modules) {
    FourierFtConfig sorted = withSorted(config, config.nFrequencyPattern());
    if (firstMisfit(sorted, modules) == null) {
      return sorted;
    }
    Map<String, Integer> byPath = new LinkedHashMap<>();
    for (AdapterModule module : modules) {
      byPath.put(module.path(), module.spectrum().nFrequency());
    }
    FourierFtConfig whole = withSorted(config, byPath);
    AdapterModule misfit = firstMisfit(whole, modules);
    if (misfit != null) {
      throw new PeftException(
          ("no n_frequency_pattern gives module '%s' its %d coefficients, because the name of"
                  + " another module is the end of its own; use one n_frequency for both")
              .formatted(misfit.path(), misfit.spectrum().nFrequency()));
    }
    return whole;
  }

  private static FourierFtConfig withSorted(FourierFtConfig config, Map<String, Integer> pattern) {
    Map<String, Integer> sorted = new LinkedHashMap<>();
    pattern.keySet().stream()
        .sorted(ConfigJson::compareCodePoints)
        .forEach(key -> sorted.put(key, pattern.get(key)));
    return config.toBuilder().nFrequencyPattern(sorted).build();
  }

  private static @Nullable AdapterModule firstMisfit(
      FourierFtConfig config, Collection<AdapterModule> modules) {
    ModuleMatcher matcher = ModuleMatcher.of(config, null);
    for (AdapterModule module : modules) {
      if (matcher.nFrequency(module.path()) != module.spectrum().nFrequency()) {
        return module;
      }
    }
    return null;
  }
}
