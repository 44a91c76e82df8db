package io.fourierft.cli;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code 5GB}, {@code 500MB}, {@code 2GiB} or a number of bytes, as transformers does. */
final class ByteSize implements ITypeConverter<Long> {
  private static final Pattern FORM =
      Pattern.compile("(\\d{1,18}(?:\\.\\d{1,9})?)\\s*([KMGT]?)(I?)B?", Pattern.CASE_INSENSITIVE);

  @Override
  public Long convert(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches() || (!matcher.group(3).isEmpty() && matcher.group(2).isEmpty())) {
      throw new TypeConversionException("'" + text + "' is no size; use for example 5GB or 500MiB");
    }
    int power = " KMGT".indexOf(matcher.group(2).isEmpty() ? ' ' : unit(matcher.group(2)));
    long base = matcher.group(3).isEmpty() ? 1000 : 1024;
    BigInteger bytes =
        new BigDecimal(matcher.group(1))
            .multiply(BigDecimal.valueOf(base).pow(power))
            .toBigInteger();
    if (bytes.bitLength() > 63 || bytes.signum() == 0) {
      throw new TypeConversionException(
          "'" + text + "' is out of range; it must be 1 to 2^63-1 bytes");
    }
    return bytes.longValueExact();
  }

  private static char unit(String letter) {
    return letter.toUpperCase(Locale.ROOT).charAt(0);
  }

  /** A size for people, in the largest binary unit that keeps it above one. */
  static String readable(long bytes) {
    String[] units = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    return unit == 0 ? bytes + " bytes" : String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
  }
}
