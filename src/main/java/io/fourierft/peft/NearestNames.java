package io.fourierft.peft;

import io.fourierft.internal.files.NaturalOrder;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** Finds what a wrong name was probably meant to be. */
final class NearestNames {
  private static final int SUGGESTIONS = 3;

  private NearestNames() {}

  /** Words for a message: the nearest of {@code known}, or that there are none. */
  static String hint(String name, Collection<String> known) {
    List<String> nearest = of(name, known);
    return nearest.isEmpty()
        ? "there are none"
        : "the nearest are "
            + nearest.stream().map(n -> "'" + n + "'").collect(Collectors.joining(", "));
  }

  /** At most three names, nearest first, equal distances by name. */
  static List<String> of(String name, Collection<String> known) {
    record Candidate(String name, int distance) {}
    return known.stream()
        .distinct()
        .map(candidate -> new Candidate(candidate, distance(name, candidate)))
        .sorted(
            Comparator.comparingInt(Candidate::distance)
                .thenComparing(Candidate::name, NaturalOrder::compare))
        .limit(SUGGESTIONS)
        .map(Candidate::name)
        .toList();
  }

  /** Levenshtein's distance: insertions, deletions and replacements of one character. */
  static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    int[] current = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replace = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replace, Math.min(previous[j], current[j - 1]) + 1);
      }
      int[] swap = previous;
      previous = current;
      current = swap;
    }
    return previous[b.length()];
  }
}
