package io.fourierft.plot;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Steps of 1, 2 or 5 times a power of ten, as people count. */
final class RoundNumbers {
  private RoundNumbers() {}

  /** The smallest round step that is at least {@code size}. */
  static int step(double size) {
    for (long power = 1; ; power *= 10) {
      for (int factor : new int[] {1, 2, 5}) {
        if (factor * power >= size) {
          return (int) Math.min(Integer.MAX_VALUE, factor * power);
        }
      }
    }
  }

  /**
   * The labels of cells that each stand for {@code cell} numbers, from 0 on: a number at each round
   * step, at most about {@code most} of them, and spaces between, each its own.
   */
  static List<String> labels(int cells, int cell, int most) {
    int step = step((double) cells * cell / most);
    List<String> labels = new ArrayList<>(cells);
    long next = 0;
    for (int i = 0; i < cells; i++) {
      long start = (long) i * cell;
      boolean labelled = start >= next;
      labels.add(labelled ? Long.toString(next) : " ".repeat(i + 1));
      next += labelled ? step : 0;
    }
    return labels;
  }

  /** A number with three significant digits. */
  static String threeDigits(double value) {
    if (value == 0) {
      return "0";
    }
    double size = Math.abs(value);
    return size >= 0.001 && size < 1000
        ? String.format(Locale.ROOT, "%." + Math.max(0, 2 - exponent(size)) + "f", value)
        : String.format(Locale.ROOT, "%.2e", value);
  }

  /** The same without zeros at the end, for the marks of an axis. */
  static String shortest(double value) {
    String digits = threeDigits(value);
    return digits.contains(".") && !digits.contains("e")
        ? digits.replaceFirst("\\.?0+$", "")
        : digits;
  }

  /** The smallest number of three significant digits that is at least {@code value}, above 0. */
  static double roundedUp(double value) {
    return new BigDecimal(value).round(new MathContext(3, RoundingMode.UP)).doubleValue();
  }

  private static int exponent(double size) {
    return (int) Math.floor(Math.log10(size));
  }
}
