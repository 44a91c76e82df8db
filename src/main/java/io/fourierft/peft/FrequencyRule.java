package io.fourierft.peft;

import org.jspecify.annotations.Nullable;

/**
 * One entry of {@code n_frequency_pattern}: PEFT's {@code re.match(rf".*\\.{key}$", name)}. Keys
 * that are plain names, as programs write them by the thousand, are compared without an expression.
 *
 * @param key the end of the names it is for, an expression
 * @param pattern the expression of names; null if the key is plain
 * @param nFrequency coefficients of the modules it matches
 */
record FrequencyRule(String key, @Nullable PythonPattern pattern, int nFrequency) {
  /**
   * The rule of an entry.
   *
   * @throws PeftException if the key is no expression that can be used
   */
  static FrequencyRule of(String key, int nFrequency, PatternBudget budget) {
    boolean plain = key.chars().allMatch(FrequencyRule::isPlain);
    PythonPattern pattern =
        plain ? null : PythonPattern.of(".*\\." + key + "$", "n_frequency_pattern", budget);
    return new FrequencyRule(key, pattern, nFrequency);
  }

  private static boolean isPlain(int c) {
    boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  }

  /** Whether the entry is for the module of that name. */
  boolean matches(String name) {
    if (pattern != null) {
      return pattern.matchesStart(name);
    }
    // The dollar also matches before a line break that ends the name.
    return endsWithKey(name, name.length())
        || (name.endsWith("\n") && endsWithKey(name, name.length() - 1));
  }

  private boolean endsWithKey(String name, int end) {
    int at = end;
    for (int i = key.length() - 1; i >= 0; i--) {
      if (at == 0) {
        return false;
      }
      int c = name.codePointBefore(at);
      // A dot of the key is the expression's dot: any character but a line break.
      if (key.charAt(i) == '.' ? c == '\n' : c != key.charAt(i)) {
        return false;
      }
      at -= Character.charCount(c);
    }
    return at > 0 && name.charAt(at - 1) == '.' && name.lastIndexOf('\n', at - 1) < 0;
  }
}
