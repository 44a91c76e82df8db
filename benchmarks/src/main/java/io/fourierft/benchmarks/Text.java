package io.fourierft.benchmarks;

import java.util.Locale;

/** How figures are written. */
final class Text {
  private Text() {}

  /** Nanoseconds with three digits and a unit. */
  static String time(double nanos) {
    if (nanos < 1e3) {
      return number(nanos) + " ns";
    }
    if (nanos < 1e6) {
      return number(nanos / 1e3) + " µs";
    }
    return nanos < 1e9 ? number(nanos / 1e6) + " ms" : number(nanos / 1e9) + " s";
  }

  /** Three digits. */
  static String number(double value) {
    double size = Math.abs(value);
    String format = size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }

  /** Median and quartiles. */
  static String ratio(Spread ratio) {
    return "%s (%s to %s)"
        .formatted(
            number(ratio.median()), number(ratio.lowerQuartile()), number(ratio.upperQuartile()));
  }

  static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f%%", 100 * share);
  }
}
