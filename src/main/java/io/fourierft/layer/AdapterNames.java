package io.fourierft.layer;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.ShapeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The rules for names of adapters, and how names given for each sample become a routing. */
final class AdapterNames {
  private AdapterNames() {}

  /** Refuses a name that no adapter may have. */
  static void requireValid(String name) {
    if (name.isBlank()) {
      throw new AdapterNameException("an adapter needs a name that is not blank");
    }
    if (name.contains(".")) {
      throw new AdapterNameException(
          "adapter name '" + name + "' contains a '.', which PEFT uses between the parts of a key");
    }
    if (name.equals(FourierLinear.BASE)) {
      throw new AdapterNameException(
          "adapter name '" + name + "' stands for the base layer; choose another");
    }
  }

  static void requireFree(LayerState state, String name) {
    if (state.adapters().contains(name)) {
      throw new AdapterNameException("Adapter with name '" + name + "' already exists.");
    }
  }

  /** Refuses unknown names and names given twice. */
  static void requireKnown(LayerState state, List<String> names) {
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      state.adapter(name);
      if (!seen.add(name)) {
        throw new AdapterNameException("adapter '" + name + "' is named twice in " + names);
      }
    }
  }

  /**
   * The routing by which sample i, which is {@code tokensPerSample} tokens, is changed by the
   * adapter {@code names.get(i)}; no routing if none names an adapter.
   */
  static Routed route(
      LayerState state, List<@Nullable String> names, int tokensPerSample, int tokens) {
    if (tokensPerSample < 1 || (long) names.size() * tokensPerSample != tokens) {
      throw new ShapeException(
          "%d adapter names for samples of %d tokens do not fit %d tokens"
              .formatted(names.size(), tokensPerSample, tokens));
    }
    Map<String, Integer> indices = new HashMap<>();
    List<String> routed = new ArrayList<>();
    List<FourierAdapter> adapters = new ArrayList<>();
    int[] choice = new int[tokens];
    for (int sample = 0; sample < names.size(); sample++) {
      String name = names.get(sample);
      int index = AdapterRouting.NONE;
      if (name != null && !name.equals(FourierLinear.BASE)) {
        Integer known = indices.get(name);
        if (known == null) {
          adapters.add(state.adapter(name));
          routed.add(name);
          known = adapters.size() - 1;
          indices.put(name, known);
        }
        index = known;
      }
      int first = sample * tokensPerSample;
      Arrays.fill(choice, first, first + tokensPerSample, index);
    }
    if (!state.merged().isEmpty()) {
      throw new MergeException(
          "adapters %s are merged, so a batch cannot name its own; unmerge them first"
              .formatted(state.merged()));
    }
    boolean none = adapters.isEmpty() || !state.enabled();
    return none ? Routed.BASE : new Routed(AdapterRouting.perToken(adapters, choice), routed);
  }

  /**
   * A routing and the names of its adapters.
   *
   * @param routing null for the base alone
   * @param names one for each adapter of the routing
   */
  record Routed(@Nullable AdapterRouting routing, List<String> names) {
    static final Routed BASE = new Routed(null, List.of());

    /** How many of the names are among these. */
    int count(Set<String> others) {
      int found = 0;
      for (int i = 0; i < names.size(); i++) {
        found += others.contains(names.get(i)) ? 1 : 0;
      }
      return found;
    }

    /** The same without the adapters that are not in {@code wanted}. */
    Routed only(Set<String> wanted) {
      int found = count(wanted);
      if (routing == null || found == names.size()) {
        return this;
      }
      if (found == 0) {
        return BASE;
      }
      List<String> keptNames = new ArrayList<>();
      List<FourierAdapter> kept = new ArrayList<>();
      int[] renumbered = new int[names.size()];
      for (int i = 0; i < names.size(); i++) {
        renumbered[i] = AdapterRouting.NONE;
        if (wanted.contains(names.get(i))) {
          renumbered[i] = kept.size();
          keptNames.add(names.get(i));
          kept.add(routing.adapters().get(i));
        }
      }
      if (!routing.isPerToken()) {
        return new Routed(AdapterRouting.all(kept), keptNames);
      }
      int[] choice = new int[routing.tokens()];
      for (int t = 0; t < choice.length; t++) {
        int old = routing.choice(t);
        choice[t] = old == AdapterRouting.NONE ? old : renumbered[old];
      }
      return new Routed(AdapterRouting.perToken(kept, choice), keptNames);
    }
  }
}
