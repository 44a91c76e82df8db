package io.fourierft.peft;

import io.fourierft.peft.CharacterSet.Category;
import io.fourierft.peft.PatternNode.Anchor;
import io.fourierft.peft.PatternNode.Anchor.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads an expression by the grammar of Python's {@code re} (3.11 to 3.13). Refuses what Python
 * refuses, and back-references and conditional groups, whose time no matcher can bound.
 */
final class PythonPatternParser {
  private static final int DEEPEST_NESTING = 100;
  private static final int LONGEST = 4 * PatternBudget.INSTRUCTIONS_EACH;
  private static final String NOTHING_TO_REPEAT = "there is nothing to repeat";

  private final PatternSource source;
  private final Set<String> groupNames = new HashSet<>();
  private int groups;
  private int depth;
  private PatternFlags flags = PatternFlags.NONE;
  private boolean atStart = true;

  private PythonPatternParser(PatternSource source) {
    this.source = source;
  }

  /**
   * The expression as a tree.
   *
   * @param where the key and file that it comes from, for messages
   * @throws PeftException naming the place
   */
  static PatternNode parse(String python, String where) {
    PatternSource source = new PatternSource(python, where);
    if (python.length() > LONGEST) {
      throw source.refuse("it is longer than " + LONGEST + " characters");
    }
    PatternNode node = new PythonPatternParser(source).choice();
    if (!source.atEnd()) {
      throw source.refuse("a parenthesis is closed that was not opened");
    }
    return node;
  }

  private PatternNode choice() {
    List<PatternNode> branches = new ArrayList<>();
    do {
      branches.add(sequence());
      atStart = false;
    } while (source.take('|'));
    return branches.size() == 1 ? branches.getFirst() : new PatternNode.Choice(branches);
  }

  private PatternNode sequence() {
    List<PatternNode> items = new ArrayList<>();
    while (!source.atEnd() && source.peek() != '|' && source.peek() != ')') {
      int c = source.next();
      PatternNode item =
          switch (c) {
            case '\\' -> escape();
            case '[' -> set();
            case '.' -> new PatternNode.Characters(CharacterSet.dot(flags));
            case '^' -> anchor(flags.multiline() ? Kind.LINE_START : Kind.START);
            case '$' -> anchor(flags.multiline() ? Kind.LINE_END : Kind.LAST_LINE_END);
            case '(' -> group();
            case '*', '+', '?', '{' -> repeat(c, items);
            default -> isPassedOver(c) ? null : character(c);
          };
      if (item != null) {
        items.add(item);
        atStart = false;
      }
    }
    return items.size() == 1 ? items.getFirst() : new PatternNode.Sequence(items);
  }

  private boolean isPassedOver(int c) {
    if (!flags.verbose()) {
      return false;
    }
    if (c == '#') {
      while (!source.atEnd() && source.next() != '\n') {
        // A comment.
      }
      return true;
    }
    return c == ' ' || (c >= '\t' && c <= '\r');
  }

  private PatternNode character(int c) {
    return new PatternNode.Characters(CharacterSet.of(c, flags));
  }

  private PatternNode anchor(Kind kind) {
    return new Anchor(kind, flags.ascii());
  }

  /** The last item under a quantifier, whose place it takes; or a brace that is none. */
  private PatternNode repeat(int c, List<PatternNode> items) {
    int least = c == '+' ? 1 : 0;
    int most = c == '?' ? 1 : PatternNode.UNBOUNDED;
    if (c == '{') {
      int begin = source.position();
      String low = source.digits();
      String high = source.take(',') ? source.digits() : low;
      boolean counts = source.position() > begin && source.take('}');
      if (!counts) {
        source.back(begin);
        return character('{');
      }
      least = low.isEmpty() ? 0 : count(low);
      most = high.isEmpty() ? PatternNode.UNBOUNDED : count(high);
      if (most < least) {
        throw source.refuse("the least number of repeats is above the most");
      }
    }
    if (items.isEmpty() || items.getLast() instanceof Anchor) {
      throw source.refuse(NOTHING_TO_REPEAT);
    }
    PatternNode item = items.removeLast();
    if (isQuantified(item)) {
      throw source.refuse("a repeat is repeated; put parentheses around it");
    }
    if (source.take('?')) {
      return new PatternNode.Repeat(item, least, most, true);
    }
    if (source.take('+')) {
      // In Python each round of a possessive repeat is final, not only the whole.
      PatternNode round = new PatternNode.Atomic(item);
      return new PatternNode.Atomic(new PatternNode.Repeat(round, least, most, false));
    }
    return new PatternNode.Repeat(item, least, most, false);
  }

  private static boolean isQuantified(PatternNode item) {
    // Groups are wrapped, so that a bare repeat is one that was just written.
    return item instanceof PatternNode.Repeat
        || (item instanceof PatternNode.Atomic(PatternNode inner)
            && inner instanceof PatternNode.Repeat);
  }

  private int count(String digits) {
    // Python's own limit is 2^32 - 1; beyond what is bounded here both mean "for ever".
    if (digits.length() > 10 || Long.parseLong(digits) >= (1L << 32) - 1) {
      throw source.refuse("a number of repeats is too large");
    }
    return (int) Math.min(Long.parseLong(digits), PatternNode.UNBOUNDED - 1L);
  }

  private @Nullable PatternNode group() {
    int begin = source.position() - 1;
    if (++depth > DEEPEST_NESTING) {
      throw source.refuse("groups are nested deeper than " + DEEPEST_NESTING);
    }
    PatternFlags outside = flags;
    PatternNode node = source.take('?') ? extension(begin) : capture(null, begin);
    if (node != null) {
      flags = outside;
    }
    depth--;
    return node;
  }

  private PatternNode capture(@Nullable String name, int begin) {
    groups++;
    return new PatternNode.Capture(name, body(begin));
  }

  private PatternNode body(int begin) {
    atStart = false;
    PatternNode body = choice();
    if (!source.take(')')) {
      throw source.refuseAt(begin, "a parenthesis is not closed");
    }
    return body;
  }

  /** What follows {@code (?}; null for a comment, and for flags of the whole expression. */
  private @Nullable PatternNode extension(int begin) {
    int c = source.requireNext("a group is not closed");
    return switch (c) {
      case ':' -> new PatternNode.Capture(null, body(begin));
      case '>' -> new PatternNode.Atomic(new PatternNode.Capture(null, body(begin)));
      case '=', '!' -> new PatternNode.Look(body(begin), false, c == '!');
      case '<' -> lookBehind(begin);
      case 'P' -> named(begin);
      case '#' -> {
        source.until(')', "a comment is not closed");
        yield null;
      }
      case '(' ->
          throw source.refuseAt(
              begin, "conditional groups are not supported here; write both alternatives");
      default -> flagGroup(c, begin);
    };
  }

  private PatternNode lookBehind(int begin) {
    int c = source.requireNext("a group is not closed");
    if (c != '=' && c != '!') {
      throw source.refuseAt(begin, "Python writes a named group (?P<name>...)");
    }
    PatternNode body = body(begin);
    if (body.leastWidth() != body.mostWidth()) {
      throw source.refuseAt(begin, "what a look-behind looks for must have one length");
    }
    return new PatternNode.Look(body, true, c == '!');
  }

  private PatternNode named(int begin) {
    if (source.take('=')) {
      throw source.refuseAt(
          begin, "back-references are not supported here; write the alternatives out");
    }
    if (!source.take('<')) {
      throw source.refuseAt(begin, "(?P must be followed by < and a name");
    }
    String name = source.until('>', "a group's name is not closed");
    boolean identifier = !name.isEmpty() && Character.isUnicodeIdentifierStart(name.codePointAt(0));
    if (!(identifier || name.startsWith("_"))
        || !name.codePoints().allMatch(Character::isUnicodeIdentifierPart)) {
      throw source.refuseAt(begin, "'" + name + "' is no name for a group");
    }
    if (!groupNames.add(name)) {
      throw source.refuseAt(begin, "the group name '" + name + "' stands twice");
    }
    return capture(name, begin);
  }

  private @Nullable PatternNode flagGroup(int first, int begin) {
    PatternFlags changed = flags;
    boolean on = true;
    boolean any = false;
    int c = first;
    while (c != ':' && c != ')') {
      if (c == '-' && on) {
        on = false;
        any = false;
      } else if (c >= 'a' && "aimsux".indexOf(c) >= 0 && (on || (c != 'a' && c != 'u'))) {
        changed = changed.with(c, on);
        any = true;
      } else {
        throw source.refuseAt(begin, "the group begins with what Python does not know");
      }
      c = source.requireNext("a group's flags are not closed");
    }
    if (!any || (c == ')' && !on)) {
      throw source.refuseAt(begin, "flags are missing in a group");
    }
    if (c == ')') {
      if (!atStart || depth > 1) {
        throw source.refuseAt(begin, "flags for all must stand at the start of the expression");
      }
      flags = changed;
      return null;
    }
    flags = changed;
    return new PatternNode.Capture(null, body(begin));
  }

  private PatternNode escape() {
    int c = source.requireNext("it ends in a backslash");
    return switch (c) {
      case 'A' -> anchor(Kind.START);
      case 'Z' -> anchor(Kind.END);
      case 'b' -> anchor(Kind.WORD_BOUNDARY);
      case 'B' -> anchor(Kind.NO_WORD_BOUNDARY);
      case '1', '2', '3', '4', '5', '6', '7', '8', '9' -> numbered(c);
      default -> {
        Category category = category(c);
        yield category == null
            ? character(source.escaped(c))
            : new PatternNode.Characters(
                new CharacterSet.Builder(flags).add(category, Character.isUpperCase(c)).build());
      }
    };
  }

  /** Three octal digits are a character; else a digit refers to a group. */
  private PatternNode numbered(int first) {
    int begin = source.position() - 2;
    int octal = source.octal(first, 3);
    if (octal >= 0) {
      return character(octal);
    }
    throw source.refuseAt(
        begin,
        first - '0' > groups
            ? "there is no group " + (first - '0') + " before its reference"
            : "back-references are not supported here; write the alternatives out");
  }

  private static @Nullable Category category(int c) {
    return switch (c) {
      case 'd', 'D' -> Category.DIGIT;
      case 's', 'S' -> Category.SPACE;
      case 'w', 'W' -> Category.WORD;
      default -> null;
    };
  }

  private PatternNode set() {
    int begin = source.position() - 1;
    String open = "a bracket is not closed";
    CharacterSet.Builder set = new CharacterSet.Builder(flags);
    if (source.take('^')) {
      set.negate();
    }
    for (boolean first = true; ; first = false) {
      int c = source.requireNext(open);
      if (c == ']' && !first) {
        return new PatternNode.Characters(set.build());
      }
      int low = member(c, set);
      if (!source.take('-')) {
        addMember(set, low);
        continue;
      }
      c = source.requireNext(open);
      if (c == ']') {
        addMember(set, low);
        set.add('-', '-');
        return new PatternNode.Characters(set.build());
      }
      int high = low < 0 ? low : member(c, set);
      if (high < low || low < 0) {
        throw source.refuseAt(begin, "a range within brackets has no order");
      }
      set.add(low, high);
    }
  }

  private static void addMember(CharacterSet.Builder set, int c) {
    if (c >= 0) {
      set.add(c, c);
    }
  }

  /** A character of a set; −1 if it was a class, which is added. */
  private int member(int c, CharacterSet.Builder set) {
    if (c != '\\') {
      return c;
    }
    int escaped = source.requireNext("it ends in a backslash");
    Category category = category(escaped);
    if (category != null) {
      set.add(category, Character.isUpperCase(escaped));
      return -1;
    }
    if (escaped == 'b') {
      return '\b';
    }
    if (escaped >= '1' && escaped <= '9') {
      int octal = source.octal(escaped, 1);
      if (octal < 0) {
        throw source.refuse("Python has no escape \\" + (char) escaped + " within brackets");
      }
      return octal;
    }
    return source.escaped(escaped);
  }
}
