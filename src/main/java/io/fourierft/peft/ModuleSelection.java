package io.fourierft.peft;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;

/**
 * What {@code target_modules} or {@code exclude_modules} say: a list of names or one expression
 * ({@code src/peft/tuners/tuners_utils.py}, {@code check_target_module_exists}).
 */
public sealed interface ModuleSelection {
  /**
   * Modules by name: an entry takes the module of that name and every module whose name ends with a
   * dot and the entry. Entries are not expressions.
   *
   * @param names the entries; a repeated one is kept once, the order has no meaning
   */
  record Names(List<String> names) implements ModuleSelection {
    /** Copies the list without its repetitions. */
    public Names {
      names = List.copyOf(new LinkedHashSet<>(names));
    }
  }

  /**
   * Modules whose whole name a regular expression of Python matches. As {@code target_modules} the
   * word {@code all-linear}, in any case, is not an expression but every linear layer.
   *
   * @param regex the expression, in Python's dialect
   */
  record Expression(String regex) implements ModuleSelection {
    /** Whether this is the word that stands for every linear layer. */
    public boolean isAllLinear() {
      return regex.toLowerCase(Locale.ROOT).equals("all-linear");
    }
  }

  /** A selection by name. */
  static ModuleSelection names(String... names) {
    return new Names(List.of(names));
  }

  /** A selection by an expression of Python's dialect. */
  static ModuleSelection expression(String regex) {
    return new Expression(regex);
  }

  /** Every linear layer except the output layer. */
  static ModuleSelection allLinear() {
    return new Expression("all-linear");
  }
}
