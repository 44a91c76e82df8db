package io.fourierft.peft;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A set of code points as a Python expression writes one: a character, a dot, or what stands in
 * brackets. Immutable.
 */
final class CharacterSet {
  /** Python's character classes, those of Unicode unless the expression asks for ASCII. */
  enum Category {
    DIGIT,
    SPACE,
    WORD;

    boolean contains(int c, boolean ascii) {
      return switch (this) {
        case DIGIT -> ascii ? c >= '0' && c <= '9' : Character.isDigit(c);
        case SPACE -> isSpace(c, ascii);
        case WORD -> isWord(c, ascii);
      };
    }

    private static boolean isSpace(int c, boolean ascii) {
      if (c == ' ' || (c >= '\t' && c <= '\r')) {
        return true;
      }
      // Python's str.isspace: the separators of Unicode, four control characters and NEL.
      return !ascii && ((c >= 0x1c && c <= 0x1f) || c == 0x85 || Character.isSpaceChar(c));
    }

    private static boolean isWord(int c, boolean ascii) {
      if (ascii && c > 0x7f) {
        return false;
      }
      // Python's str.isalnum and the underscore: letters and numbers, but no marks.
      int type = Character.getType(c);
      return c == '_'
          || Character.isLetter(c)
          || type == Character.DECIMAL_DIGIT_NUMBER
          || type == Character.LETTER_NUMBER
          || type == Character.OTHER_NUMBER;
    }
  }

  private record Part(Category category, boolean negated) {}

  private final int[] ranges;
  private final List<Part> parts;
  private final boolean negated;
  private final boolean ignoreCase;
  private final boolean ascii;

  private CharacterSet(Builder builder) {
    ranges = Arrays.copyOf(builder.ranges, builder.length);
    parts = List.copyOf(builder.parts);
    negated = builder.negated;
    ignoreCase = builder.flags.ignoreCase();
    ascii = builder.flags.ascii();
  }

  /** The one character. */
  static CharacterSet of(int c, PatternFlags flags) {
    return new Builder(flags).add(c, c).build();
  }

  /** What the dot stands for. */
  static CharacterSet dot(PatternFlags flags) {
    Builder builder = new Builder(flags).negate();
    return flags.dotAll() ? builder.build() : builder.add('\n', '\n').build();
  }

  /** What looking a character up costs, in steps of a match. */
  int cost() {
    return 1 + ranges.length / 16;
  }

  boolean contains(int c) {
    boolean in = isListed(c);
    if (!in && ignoreCase) {
      in = isListed(lower(c)) || isListed(upper(c));
    }
    return in != negated;
  }

  private int lower(int c) {
    return ascii && c > 0x7f ? c : Character.toLowerCase(Character.toUpperCase(c));
  }

  private int upper(int c) {
    return ascii && c > 0x7f ? c : Character.toUpperCase(c);
  }

  private boolean isListed(int c) {
    for (int i = 0; i < ranges.length; i += 2) {
      if (c >= ranges[i] && c <= ranges[i + 1]) {
        return true;
      }
    }
    for (Part part : parts) {
      if (part.category().contains(c, ascii) != part.negated()) {
        return true;
      }
    }
    return false;
  }

  /** Collects a set. */
  static final class Builder {
    private final PatternFlags flags;
    private final List<Part> parts = new ArrayList<>(1);
    private int[] ranges = new int[2];
    private int length;
    private boolean negated;

    Builder(PatternFlags flags) {
      this.flags = flags;
    }

    Builder negate() {
      negated = true;
      return this;
    }

    Builder add(int first, int last) {
      if (length == ranges.length) {
        ranges = Arrays.copyOf(ranges, 2 * length);
      }
      ranges[length++] = first;
      ranges[length++] = last;
      return this;
    }

    Builder add(Category category, boolean inverse) {
      parts.add(new Part(category, inverse));
      return this;
    }

    CharacterSet build() {
      return new CharacterSet(this);
    }
  }
}
