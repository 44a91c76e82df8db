package io.fourierft.peft;

import io.fourierft.peft.PatternNode.Anchor;
import java.util.Arrays;

/**
 * One attempt of a program on a text. It tries the alternatives in the order in which Python does,
 * and no instruction twice at one position, since it would fail again: so the product of the two
 * lengths bounds the steps, and that of a part which is looked at apart, such as a look-ahead, for
 * each position. Used once.
 */
final class PatternMatch {
  private static final int NONE = -1;

  /** The steps are used up. */
  static final class StepsExceeded extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StepsExceeded() {
      super(null, null, false, false);
    }
  }

  private final PatternProgram program;
  private final int[] text;
  private final int[] kept;
  private final Tried[] tried;
  private final long allowed;
  private long steps;
  private boolean toEnd;

  PatternMatch(PatternProgram program, String text, long allowedSteps) {
    this.program = program;
    this.text = text.codePoints().toArray();
    kept = new int[program.slotCount()];
    tried = new Tried[program.parts() + 1];
    allowed = allowedSteps;
  }

  /**
   * Whether the text matches from its start, to its end if asked.
   *
   * @throws StepsExceeded if that takes more steps than allowed
   */
  boolean matches(boolean whole) {
    toEnd = whole;
    return run(0, 0, program.parts()) != NONE;
  }

  /** The steps taken until now. */
  long steps() {
    return steps;
  }

  /** What a named group matched; an empty string if it took no part, or there is none. */
  String group(String name) {
    int slot = program.slot(name);
    return slot < 0 ? "" : new String(text, kept[slot], kept[slot + 1] - kept[slot]);
  }

  /** Runs from an instruction and a position; gives the position of the end, or −1. */
  private int run(int begin, int from, int part) {
    Tried seen = tried[part] == null ? new Tried() : tried[part];
    tried[part] = seen;
    Backtracking stack = new Backtracking();
    stack.push(begin, from);
    while (stack.pop()) {
      if (stack.top() < 0) {
        kept[-1 - stack.top()] = stack.position();
        continue;
      }
      int end = follow(stack, part, seen);
      if (end != NONE) {
        // Instructions on the way to an end did not fail.
        seen.clear();
        return end;
      }
    }
    return NONE;
  }

  /** Follows one way until it ends or fails, and leaves the others on the stack. */
  private int follow(Backtracking stack, int part, Tried seen) {
    int at = stack.top();
    int position = stack.position();
    while (true) {
      step(1);
      if (!seen.add(at, position)) {
        return NONE;
      }
      switch (program.at(at)) {
        case PatternProgram.Take(CharacterSet set) -> {
          step(set.cost());
          if (position == text.length || !set.contains(text[position])) {
            return NONE;
          }
          position++;
          at++;
        }
        case PatternProgram.Hold(Anchor anchor) -> {
          if (!holds(anchor, position)) {
            return NONE;
          }
          at++;
        }
        case PatternProgram.Fork(int first, int second) -> {
          stack.push(second, position);
          at = first;
        }
        case PatternProgram.Again(int head, int out) -> at = seen.has(head, position) ? out : head;
        case PatternProgram.Jump(int target) -> at = target;
        case PatternProgram.Keep(int slot) -> {
          stack.push(-1 - slot, kept[slot]);
          kept[slot] = position;
          at++;
        }
        case PatternProgram.Part other -> {
          int start = position - other.back();
          int end = start < 0 ? NONE : run(at + 1, start, other.index());
          if ((end == NONE) != other.negated()) {
            return NONE;
          }
          position = other.takes() ? end : position;
          at = other.next();
        }
        case PatternProgram.Accept ignored -> {
          boolean ends = part < program.parts() || !toEnd || position == text.length;
          return ends ? position : NONE;
        }
      }
    }
  }

  private void step(long count) {
    steps += count;
    if (steps > allowed) {
      throw new StepsExceeded();
    }
  }

  private boolean holds(Anchor anchor, int position) {
    int length = text.length;
    return switch (anchor.kind()) {
      case START -> position == 0;
      case LINE_START -> position == 0 || text[position - 1] == '\n';
      case END -> position == length;
      case LAST_LINE_END ->
          position == length || (position == length - 1 && text[position] == '\n');
      case LINE_END -> position == length || text[position] == '\n';
      case WORD_BOUNDARY -> isWordBoundary(anchor, position);
      // Before Python 3.14 an empty text has neither.
      case NO_WORD_BOUNDARY -> length > 0 && !isWordBoundary(anchor, position);
    };
  }

  private boolean isWordBoundary(Anchor anchor, int position) {
    return isWord(anchor, position - 1) != isWord(anchor, position);
  }

  private boolean isWord(Anchor anchor, int position) {
    return position >= 0
        && position < text.length
        && CharacterSet.Category.WORD.contains(text[position], anchor.ascii());
  }

  /** The instructions that were tried, by position. */
  private final class Tried {
    private final long[] bits;

    Tried() {
      long words = (long) program.length() * (text.length + 1L) / Long.SIZE + 1;
      step(words);
      bits = new long[Math.toIntExact(words)];
    }

    boolean has(int instruction, int position) {
      long bit = bit(instruction, position);
      return (bits[(int) (bit / Long.SIZE)] & 1L << bit) != 0;
    }

    /** Notes one; false if it was there. */
    boolean add(int instruction, int position) {
      boolean isNew = !has(instruction, position);
      long bit = bit(instruction, position);
      bits[(int) (bit / Long.SIZE)] |= 1L << bit;
      return isNew;
    }

    private long bit(int instruction, int position) {
      return (long) instruction * (text.length + 1L) + position;
    }

    void clear() {
      step(bits.length);
      Arrays.fill(bits, 0);
    }
  }

  /** Ways not tried yet, and values to put back, the latest first. */
  private static final class Backtracking {
    private int[] entries = new int[32];
    private int size;

    void push(int what, int position) {
      if (size == entries.length) {
        entries = Arrays.copyOf(entries, 2 * size);
      }
      entries[size++] = what;
      entries[size++] = position;
    }

    /** Takes the latest entry, which then is at {@link #top}; false if there is none. */
    boolean pop() {
      size -= 2;
      return size >= 0;
    }

    int top() {
      return entries[size];
    }

    int position() {
      return entries[size + 1];
    }
  }
}
