package io.fourierft.peft;

import org.jspecify.annotations.Nullable;

/**
 * A regular expression in the dialect of Python's {@code re}, matched in a time that its length and
 * the text's bound, whatever it says. Back-references and conditional groups are refused. Immutable
 * but for what it takes from its budget.
 */
final class PythonPattern {
  private final String where;
  private final String python;
  private final PatternProgram program;
  private final PatternBudget budget;

  private PythonPattern(String where, String python, PatternProgram program, PatternBudget budget) {
    this.where = where;
    this.python = python;
    this.program = program;
    this.budget = budget;
  }

  /**
   * Compiles an expression.
   *
   * @param where the key and file that it comes from, for messages
   * @param budget what it and others may cost together
   * @throws PeftException if Python would refuse it, or it refers back, or it is too long
   */
  static PythonPattern of(String python, String where, PatternBudget budget) {
    PatternNode node = PythonPatternParser.parse(python, where);
    if (!budget.takeInstructions(PatternProgram.size(node) + 1)) {
      throw new PeftException(
          ("%s: '%s' is too long with its repeats written out, alone (more than %d steps) or with"
                  + " the expressions before it (%d); shorten it")
              .formatted(
                  where,
                  brief(python),
                  PatternBudget.INSTRUCTIONS_EACH,
                  PatternBudget.INSTRUCTIONS));
    }
    return new PythonPattern(where, python, PatternProgram.of(node), budget);
  }

  /** Whether it has a group of that name. */
  boolean hasGroup(String name) {
    return program.hasGroup(name);
  }

  /** Python's {@code re.fullmatch}. */
  boolean matchesAll(String text) {
    return attempt(text, true) != null;
  }

  /** Python's {@code re.match}: at the start of the text. */
  boolean matchesStart(String text) {
    return attempt(text, false) != null;
  }

  /** The named group of Python's {@code re.match}, or an empty string if it does not match. */
  String groupAtStart(String text, String name) {
    PatternMatch match = attempt(text, false);
    return match == null ? "" : match.group(name);
  }

  private @Nullable PatternMatch attempt(String text, boolean whole) {
    PatternMatch match = new PatternMatch(program, text, budget.stepsLeft());
    try {
      return match.matches(whole) ? match : null;
    } catch (PatternMatch.StepsExceeded e) {
      throw new PeftException(
          ("%s: the expressions of this configuration take too long; '%s' does not come to an end"
                  + " on '%s'; simplify them")
              .formatted(where, brief(python), brief(text)),
          e);
    } finally {
      budget.takeSteps(match.steps());
    }
  }

  /** A text for a message, cut if it is long. */
  static String brief(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200) + "...";
  }
}
