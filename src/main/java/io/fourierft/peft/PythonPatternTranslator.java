package io.fourierft.peft;

/**
 * Rewrites what Python's and Java's regular expressions write differently: {@code (?P<name>)},
 * {@code (?P=name)}, {@code \Z}, a brace that is no quantifier, {@code {,n}}, and inside brackets
 * {@code [} and {@code &&}, which are ordinary there in Python. Refuses escapes that Python refuses
 * though Java has them ({@code \h}, {@code \Q}, {@code \p}), and conditionals, which Java lacks.
 */
final class PythonPatternTranslator {
  private static final String ESCAPED_LETTERS = "AbBdDsSwWnrtfv";

  private final String python;
  private final String where;
  private final StringBuilder java = new StringBuilder();
  private int at;
  private int groups;

  private PythonPatternTranslator(String python, String where) {
    this.python = python;
    this.where = where;
  }

  static String translate(String python, String where) {
    return new PythonPatternTranslator(python, where).run();
  }

  private String run() {
    while (at < python.length()) {
      char c = python.charAt(at);
      switch (c) {
        case '\\' -> escape(false);
        case '[' -> characterClass();
        case '(' -> group();
        case '{' -> brace();
        case '}' -> literal("\\}", 1);
        default -> literal(String.valueOf(c), 1);
      }
    }
    return java.toString();
  }

  private void literal(String text, int consumed) {
    java.append(text);
    at += consumed;
  }

  private void escape(boolean inClass) {
    if (at + 1 >= python.length()) {
      throw refuse("it ends in a backslash");
    }
    char c = python.charAt(at + 1);
    if (c == 'Z' && !inClass) {
      literal("\\z", 2);
    } else if (c == 'v') {
      literal("\\x0B", 2);
    } else if (c == 'a') {
      literal("\\x07", 2);
    } else if (c == 'b' && inClass) {
      literal("\\x08", 2);
    } else if (c == 'x' || c == 'u' || c == 'U') {
      codePoint(c == 'x' ? 2 : c == 'u' ? 4 : 8);
    } else if (c == '0' || (inClass && Character.isDigit(c))) {
      throw refuse("octal escapes are not supported here; write \\x.. instead");
    } else if (Character.isDigit(c)) {
      backReference();
    } else if (isLetter(c)
        && (ESCAPED_LETTERS.indexOf(c) < 0 || (inClass && "AB".indexOf(c) >= 0))) {
      throw refuse("Python has no escape \\" + c);
    } else {
      literal("\\" + c, 2);
    }
  }

  private void backReference() {
    int end = at + 2;
    if (end < python.length() && Character.isDigit(python.charAt(end))) {
      end++;
    }
    String number = python.substring(at + 1, end);
    if (!number.matches("[0-9]+") || Integer.parseInt(number) > groups) {
      throw refuse("there is no group " + number + " before its reference");
    }
    // A group of its own keeps a digit that follows out of the number.
    literal("(?:\\" + number + ")", end - at);
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private void codePoint(int digits) {
    int end = at + 2 + digits;
    String hex = end <= python.length() ? python.substring(at + 2, end) : "";
    if (!hex.matches("[0-9a-fA-F]+") || Long.parseLong(hex, 16) > Character.MAX_CODE_POINT) {
      throw refuse("the escape at " + at + " needs " + digits + " hexadecimal digits");
    }
    java.append("\\x{").append(hex).append('}');
    at = end;
  }

  private void characterClass() {
    literal("[", 1);
    if (at < python.length() && python.charAt(at) == '^') {
      literal("^", 1);
    }
    boolean first = true;
    while (at < python.length() && (first || python.charAt(at) != ']')) {
      char c = python.charAt(at);
      if (c == '\\') {
        escape(true);
      } else if (c == '[' || c == '&' || c == ']' || (c == '^' && first)) {
        literal("\\" + c, 1);
      } else {
        literal(String.valueOf(c), 1);
      }
      first = false;
    }
    if (at == python.length()) {
      throw refuse("a bracket is not closed");
    }
    literal("]", 1);
  }

  private void group() {
    if (python.startsWith("(?P<", at)) {
      groups++;
      literal("(?<", 4);
    } else if (python.startsWith("(?P=", at)) {
      int end = python.indexOf(')', at);
      if (end < 0) {
        throw refuse("a group is not closed");
      }
      literal("\\k<" + python.substring(at + 4, end) + ">", end + 1 - at);
    } else if (python.startsWith("(?#", at)) {
      int end = python.indexOf(')', at);
      if (end < 0) {
        throw refuse("a comment is not closed");
      }
      at = end + 1;
    } else if (python.startsWith("(?(", at)) {
      throw refuse("conditional groups are not supported here; write both alternatives");
    } else if (python.startsWith("(?<", at)
        && !python.startsWith("(?<=", at)
        && !python.startsWith("(?<!", at)) {
      throw refuse("Python writes a named group (?P<name>...)");
    } else {
      groups += python.startsWith("(?", at) ? 0 : 1;
      literal("(", 1);
    }
  }

  private void brace() {
    int end = python.indexOf('}', at);
    String body = end < 0 ? "" : python.substring(at + 1, end);
    if (body.matches("\\d+(,\\d*)?")) {
      literal("{" + body + "}", end + 1 - at);
    } else if (body.matches(",\\d*")) {
      literal("{0" + body + "}", end + 1 - at);
    } else {
      literal("\\{", 1);
    }
  }

  private PeftException refuse(String reason) {
    return new PeftException(
        "%s: '%s' is no regular expression that can be used: %s".formatted(where, python, reason));
  }
}
