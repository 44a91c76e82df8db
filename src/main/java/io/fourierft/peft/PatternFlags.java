package io.fourierft.peft;

/**
 * The flags of Python's {@code re} that an expression can set for itself.
 *
 * @param ignoreCase {@code i}
 * @param multiline {@code m}: {@code ^} and {@code $} also match at line breaks
 * @param dotAll {@code s}: the dot matches a line break
 * @param ascii {@code a}: classes and case are those of ASCII
 * @param verbose {@code x}: white space and comments are passed over
 */
record PatternFlags(
    boolean ignoreCase, boolean multiline, boolean dotAll, boolean ascii, boolean verbose) {
  static final PatternFlags NONE = new PatternFlags(false, false, false, false, false);

  /** These flags with one more or less; {@code letter} must be one of {@code aimsux}. */
  PatternFlags with(int letter, boolean on) {
    return switch (letter) {
      case 'i' -> new PatternFlags(on, multiline, dotAll, ascii, verbose);
      case 'm' -> new PatternFlags(ignoreCase, on, dotAll, ascii, verbose);
      case 's' -> new PatternFlags(ignoreCase, multiline, on, ascii, verbose);
      case 'a' -> new PatternFlags(ignoreCase, multiline, dotAll, true, verbose);
      // Python takes neither of the two off.
      case 'u' -> new PatternFlags(ignoreCase, multiline, dotAll, false, verbose);
      case 'x' -> new PatternFlags(ignoreCase, multiline, dotAll, ascii, on);
      default -> throw new IllegalArgumentException("no flag: " + (char) letter);
    };
  }
}
