package io.fourierft.peft;

import java.util.Locale;

/** The characters of an expression while it is read, and the escapes that stand for one. */
final class PatternSource {
  private final String python;
  private final String where;
  private final int[] text;
  private int at;

  PatternSource(String python, String where) {
    this.python = python;
    this.where = where;
    text = python.codePoints().toArray();
  }

  int position() {
    return at;
  }

  void back(int position) {
    at = position;
  }

  boolean atEnd() {
    return at == text.length;
  }

  int peek() {
    return text[at];
  }

  int next() {
    return text[at++];
  }

  int requireNext(String otherwise) {
    if (atEnd()) {
      throw refuse(otherwise);
    }
    return next();
  }

  boolean take(int c) {
    boolean here = !atEnd() && peek() == c;
    if (here) {
      at++;
    }
    return here;
  }

  /** The ASCII digits that follow. */
  String digits() {
    int begin = at;
    while (!atEnd() && peek() >= '0' && peek() <= '9') {
      at++;
    }
    return new String(text, begin, at - begin);
  }

  /** All up to {@code end}, which is taken too. */
  String until(int end, String otherwise) {
    int begin = at;
    while (requireNext(otherwise) != end) {
      // It is looked for.
    }
    return new String(text, begin, at - 1 - begin);
  }

  /** The character that a backslash and {@code c} stand for. */
  int escaped(int c) {
    return switch (c) {
      case 'a' -> 0x07;
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'v' -> 0x0b;
      case 'x' -> hexadecimal(2);
      case 'u' -> hexadecimal(4);
      case 'U' -> hexadecimal(8);
      case 'N' -> named();
      case '0' -> octal('0', 1);
      default -> {
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
          throw refuse("Python has no escape \\" + (char) c);
        }
        yield c;
      }
    };
  }

  private int hexadecimal(int digits) {
    int begin = at;
    while (at - begin < digits && !atEnd() && peek() < 0x80 && Character.digit(peek(), 16) >= 0) {
      at++;
    }
    long value =
        at - begin == digits ? Long.parseLong(new String(text, begin, digits), 16) : Long.MAX_VALUE;
    if (value > Character.MAX_CODE_POINT) {
      throw refuse("an escape needs " + digits + " hexadecimal digits of a character");
    }
    return (int) value;
  }

  private int named() {
    String name = take('{') ? until('}', "a character's name is not closed") : "";
    try {
      return Character.codePointOf(name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw refuse("there is no character of the name '" + name + "'");
    }
  }

  /**
   * The character of an octal escape of up to three digits, of which {@code first} was taken; −1 if
   * there are fewer than {@code least}, and then those are taken that are there.
   */
  int octal(int first, int least) {
    int begin = at;
    int value = first - '0';
    if (value > 7) {
      return -1;
    }
    while (at - begin < 2 && !atEnd() && peek() >= '0' && peek() <= '7') {
      value = 8 * value + next() - '0';
    }
    if (at - begin + 1 < least) {
      return -1;
    }
    if (value > 0377) {
      throw refuse("an octal escape is above \\377");
    }
    return value;
  }

  PeftException refuse(String reason) {
    return refuseAt(Math.max(0, at - 1), reason);
  }

  PeftException refuseAt(int position, String reason) {
    return new PeftException(
        "%s: '%s' is no regular expression that can be used: %s (at position %d)"
            .formatted(where, PythonPattern.brief(python), reason, position));
  }
}
