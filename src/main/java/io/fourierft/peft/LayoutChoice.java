package io.fourierft.peft;

import io.fourierft.WeightLayout;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * What the user says of how weights are stored, where the files do not tell.
 *
 * @param layout how they are stored
 * @param modules found in the name of a module, in the base model's files, that this is said of;
 *     null says it of all
 */
public record LayoutChoice(WeightLayout layout, @Nullable Pattern modules) {
  /**
   * Reads {@code out-in} or {@code in-out}, with {@code =PATTERN} behind it for the modules that
   * the pattern, a regular expression, is found in.
   *
   * @throws PeftException if it is neither
   */
  public static LayoutChoice parse(String text) {
    int equals = text.indexOf('=');
    String word = equals < 0 ? text : text.substring(0, equals);
    WeightLayout layout =
        switch (word.toLowerCase(Locale.ROOT)) {
          case "out-in" -> WeightLayout.OUT_IN;
          case "in-out" -> WeightLayout.IN_OUT;
          default ->
              throw new PeftException(
                  "a layout is out-in or in-out, perhaps with =PATTERN, but '%s' is neither"
                      .formatted(text));
        };
    try {
      return new LayoutChoice(
          layout, equals < 0 ? null : Pattern.compile(text.substring(equals + 1)));
    } catch (PatternSyntaxException e) {
      throw new PeftException(
          "'%s' is no regular expression: %s".formatted(e.getPattern(), e.getDescription()), e);
    }
  }

  /** Whether this is said of the module. */
  boolean isOf(String module) {
    return modules == null || modules.matcher(module).find();
  }
}
