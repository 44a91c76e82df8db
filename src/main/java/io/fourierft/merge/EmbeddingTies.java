package io.fourierft.merge;

import static java.util.Objects.requireNonNull;

import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.TiedWeights;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of tied weights, as in PEFT's {@code merge_and_unload} ({@code
 * src/peft/tuners/tuners_utils.py}, {@code _unload_and_optionally_merge}): one that the adapter
 * saved whole parts from the others, which stay one; a ΔW on any of the others changes them all,
 * since they are one weight.
 */
final class EmbeddingTies {
  private final Map<String, List<OutputTensor.Delta>> deltas;
  private final Map<String, OutputTensor.Replacement> replacements;
  private final List<String> notes;
  private final String untying;
  private final Map<String, String> parted = new LinkedHashMap<>();
  private boolean untied;

  /**
   * Works on what is planned, by name, and changes it.
   *
   * @param deltas what is added; afterwards only to tensors that the output has
   * @param replacements what takes a tensor's place, likewise
   * @param hasConfig whether there is a configuration that will say so
   */
  EmbeddingTies(
      Map<String, List<OutputTensor.Delta>> deltas,
      Map<String, OutputTensor.Replacement> replacements,
      boolean hasConfig,
      List<String> notes) {
    this.deltas = deltas;
    this.replacements = replacements;
    this.notes = notes;
    untying =
        hasConfig
            ? "says tie_word_embeddings: false"
            : "has no config.json to say tie_word_embeddings: false, so give that where it is"
                + " loaded";
  }

  /**
   * Settles every tie.
   *
   * @param hasOutput whether the adapted model has an output embedding; a classifier has none
   */
  void settle(TiedWeights ties, boolean hasOutput) throws IOException {
    Map<String, Set<String>> groups = new LinkedHashMap<>();
    ties.aliases()
        .forEach(
            (alias, stored) ->
                groups.computeIfAbsent(stored, key -> new LinkedHashSet<>()).add(alias));
    for (Map.Entry<String, Set<String>> group : groups.entrySet()) {
      settle(group.getKey(), group.getValue(), ties.heirs().get(group.getKey()), hasOutput);
    }
    for (Set<String> apart : ties.storedApart()) {
      if (apart.stream().anyMatch(this::isChanged) && !comeOutEqual(apart)) {
        untied = true;
        notes.add(
            ("the configuration ties '%s', but the base model holds each by itself: they are taken"
                    + " as two, as they now differ, and the output %s")
                .formatted(String.join("' and '", apart), untying));
      }
    }
  }

  /** Tensors that the output has beside the base's: their names, and whose bytes they begin as. */
  Map<String, String> parted() {
    return parted;
  }

  /** Whether the output's word embeddings are no longer tied. */
  boolean isUntied() {
    return untied;
  }

  private boolean isChanged(String name) {
    return deltas.containsKey(name) || replacements.containsKey(name);
  }

  private void settle(String stored, Set<String> aliases, @Nullable String heir, boolean hasOutput)
      throws IOException {
    List<String> members = new ArrayList<>(List.of(stored));
    members.addAll(aliases);
    List<String> saved = members.stream().filter(this::isSaved).toList();
    List<String> shared = new ArrayList<>(members);
    shared.removeAll(saved);
    if (members.stream().noneMatch(this::isChanged)) {
      return;
    }
    List<String> brought = shared.stream().filter(replacements::containsKey).toList();
    boolean apart = !saved.isEmpty() || (brought.size() > 1 && !replacedAlike(brought));
    List<OutputTensor.Delta> added = new ArrayList<>();
    OutputTensor.Replacement common = null;
    for (String member : shared) {
      added.addAll(deltas.getOrDefault(member, List.of()));
      common = common == null ? replacements.get(member) : common;
    }
    if (!apart) {
      joined(stored, aliases, added, common);
      return;
    }
    if (!hasOutput && aliases.stream().noneMatch(this::isChanged)) {
      return;
    }
    for (String member : shared) {
      set(member, added, replacements.getOrDefault(member, common));
    }
    for (String alias : aliases) {
      parted.put(alias, stored);
    }
    if (shared.isEmpty() && heir != null) {
      keepIn(heir, stored);
    }
    untied = true;
    notes.add(
        "'%s' were one weight in the base model and now differ: the output holds each, and %s"
            .formatted(String.join("' and '", members), untying));
  }

  /**
   * A T5 looks its tokens up by the module {@code shared}, which its encoder and decoder hold by
   * names of their own. PEFT replaces {@code shared} alone, so those two keep the base's, and if
   * nothing else does, the file has it under the encoder's name.
   */
  private void keepIn(String heir, String stored) {
    parted.put(heir, stored);
    notes.add(
        ("'%s' holds what '%s' was in the base model: encoder and decoder keep it, as in the file"
                + " that PEFT writes")
            .formatted(heir, stored));
  }

  /** All members stay one: what was meant for any of them happens to the stored one. */
  private void joined(
      String stored,
      Set<String> aliases,
      List<OutputTensor.Delta> added,
      OutputTensor.@Nullable Replacement common) {
    for (String alias : aliases) {
      deltas.remove(alias);
      replacements.remove(alias);
    }
    set(stored, added, common);
    if (!added.isEmpty()) {
      notes.add(
          ("'%s' and '%s' are one weight (tie_word_embeddings): what is added to one changes the"
                  + " other, as in the file that PEFT writes, though the adapted model itself had it"
                  + " in one alone; untie the base model before training to have that")
              .formatted(String.join("', '", aliases), stored));
    }
  }

  private void set(
      String name, List<OutputTensor.Delta> added, OutputTensor.@Nullable Replacement replacement) {
    deltas.remove(name);
    replacements.remove(name);
    if (!added.isEmpty()) {
      deltas.put(name, new ArrayList<>(added));
    }
    if (replacement != null) {
      replacements.put(name, replacement);
    }
  }

  private boolean isSaved(String name) {
    OutputTensor.Replacement replacement = replacements.get(name);
    return replacement != null && replacement.tensor().kind() == ExtraTensor.Kind.SAVED_MODULE;
  }

  /** Whether all are replaced, by the same bytes, and nothing is added to any. */
  private boolean comeOutEqual(Set<String> names) throws IOException {
    return deltas.keySet().stream().noneMatch(names::contains)
        && replacements.keySet().containsAll(names)
        && replacedAlike(List.copyOf(names));
  }

  /** Whether the replacements of these tensors are the same to the bit. */
  private boolean replacedAlike(List<String> names) throws IOException {
    OutputTensor.Replacement first = requireNonNull(replacements.get(names.getFirst()));
    for (String name : names.subList(1, names.size())) {
      if (!first.isAlike(requireNonNull(replacements.get(name)))) {
        return false;
      }
    }
    return true;
  }
}
