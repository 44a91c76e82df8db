package io.fourierft.peft;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A renaming that the user gives where the table of names lacks one: from the adapter's names to
 * those of the base model's files.
 *
 * @param regex what is looked for in a name, anywhere in it; of Java's dialect
 * @param replacement what takes its place; {@code $1} or {@code \1} is the first group
 */
public record NameRename(Pattern regex, String replacement) {
  /**
   * Reads {@code REGEX=REPLACEMENT}; the last equals sign parts the two.
   *
   * @throws PeftException if there is none, or the expression is none
   */
  public static NameRename parse(String text) {
    int equals = text.lastIndexOf('=');
    if (equals < 1) {
      throw new PeftException("a renaming is REGEX=REPLACEMENT, but '%s' is not".formatted(text));
    }
    try {
      NameRename rename =
          new NameRename(
              Pattern.compile(text.substring(0, equals)),
              text.substring(equals + 1).replaceAll("\\\\(\\d)", "\\$$1"));
      rename.checkGroups(text);
      return rename;
    } catch (PatternSyntaxException e) {
      throw new PeftException(
          "'%s' is no regular expression: %s".formatted(e.getPattern(), e.getDescription()), e);
    }
  }

  private void checkGroups(String text) {
    int groups = regex.matcher("").groupCount();
    var numbers = Pattern.compile("\\$(\\d)").matcher(replacement);
    while (numbers.find()) {
      if (Integer.parseInt(numbers.group(1)) > groups) {
        throw new PeftException(
            "the renaming '%s' asks for group %s, but has %d"
                .formatted(text, numbers.group(1), groups));
      }
    }
  }

  /** Whether the expression matches somewhere in the name. */
  boolean isOf(String name) {
    return regex.matcher(name).find();
  }

  /** The name with every match replaced. */
  public String apply(String name) {
    return regex.matcher(name).replaceAll(replacement);
  }

  @Override
  public String toString() {
    return regex + "=" + replacement;
  }
}
