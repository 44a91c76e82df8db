package io.fourierft.peft;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression in the dialect of Python's {@code re}, on Java's engine. The two agree but
 * for what {@link PythonPatternTranslator} rewrites or refuses. Every match has a budget of steps,
 * so that an expression with catastrophic backtracking fails instead of hanging. Immutable.
 */
final class PythonPattern {
  /** Names are short: an honest expression takes some thousand steps on one. */
  private static final int STEPS = 20_000_000;

  private final String where;
  private final String python;
  private final Pattern pattern;

  private PythonPattern(String where, String python, Pattern pattern) {
    this.where = where;
    this.python = python;
    this.pattern = pattern;
  }

  /**
   * Compiles an expression.
   *
   * @param where the key and file that it comes from, for messages
   * @throws PeftException if Python would refuse it, or Java has no counterpart
   */
  static PythonPattern of(String python, String where) {
    String java = PythonPatternTranslator.translate(python, where);
    try {
      // Python's dot and dollar know one line break, \n, and its classes are those of Unicode.
      int flags = Pattern.UNIX_LINES | Pattern.UNICODE_CHARACTER_CLASS;
      return new PythonPattern(where, python, Pattern.compile(java, flags));
    } catch (PatternSyntaxException | StackOverflowError e) {
      String reason =
          e instanceof PatternSyntaxException syntax
              ? syntax.getDescription()
              : "nested too deeply";
      throw new PeftException(
          "%s: '%s' is no regular expression: %s; correct it".formatted(where, python, reason), e);
    }
  }

  /** Python's {@code re.fullmatch}. */
  boolean matchesAll(String text) {
    return run(text, Matcher::matches);
  }

  /** Python's {@code re.match}: at the start of the text. */
  boolean matchesStart(String text) {
    return run(text, Matcher::lookingAt);
  }

  /** The named group of Python's {@code re.match}, or an empty string if it does not match. */
  String groupAtStart(String text, String name) {
    StringBuilder found = new StringBuilder();
    run(
        text,
        matcher -> {
          boolean matches = matcher.lookingAt();
          if (matches && matcher.group(name) != null) {
            found.append(matcher.group(name));
          }
          return matches;
        });
    return found.toString();
  }

  private boolean run(String text, Attempt attempt) {
    try {
      return attempt.on(pattern.matcher(new CountedText(text, new StepBudget(STEPS))));
    } catch (StepsExceeded | StackOverflowError e) {
      throw new PeftException(
          "%s: the regular expression '%s' does not come to an end on '%s'; simplify it"
              .formatted(where, python, text),
          e);
    }
  }

  @Override
  public String toString() {
    return python;
  }

  @FunctionalInterface
  private interface Attempt {
    boolean on(Matcher matcher);
  }

  private static final class StepsExceeded extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StepsExceeded() {
      super(null, null, false, false);
    }
  }

  /** How many characters may still be looked at. */
  private static final class StepBudget {
    private int left;

    StepBudget(int steps) {
      left = steps;
    }

    void takeOne() {
      if (--left < 0) {
        throw new StepsExceeded();
      }
    }
  }

  /** Counts the characters that the engine looks at, which backtracking multiplies. */
  private record CountedText(CharSequence text, StepBudget budget) implements CharSequence {
    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      budget.takeOne();
      return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new CountedText(text.subSequence(start, end), budget);
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
