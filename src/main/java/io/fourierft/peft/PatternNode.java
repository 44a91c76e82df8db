package io.fourierft.peft;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A regular expression as a tree. */
sealed interface PatternNode {
  /** As many as there is text. */
  int UNBOUNDED = Integer.MAX_VALUE;

  /** One character of a set. */
  record Characters(CharacterSet set) implements PatternNode {}

  /** A condition on a position, which takes no character. */
  record Anchor(Kind kind, boolean ascii) implements PatternNode {
    enum Kind {
      /** {@code \A}, and {@code ^} of one line. */
      START,
      /** {@code ^} of many lines. */
      LINE_START,
      /** {@code \Z}. */
      END,
      /** {@code $} of one line: also before a line break that ends the text. */
      LAST_LINE_END,
      /** {@code $} of many lines. */
      LINE_END,
      /** {@code \b}. */
      WORD_BOUNDARY,
      /** {@code \B}. */
      NO_WORD_BOUNDARY
    }
  }

  /** One after the other. */
  record Sequence(List<PatternNode> items) implements PatternNode {}

  /** The first that leads on. */
  record Choice(List<PatternNode> branches) implements PatternNode {}

  /** {@code least} to {@code most} times. */
  record Repeat(PatternNode item, int least, int most, boolean lazy) implements PatternNode {}

  /** A group; only a named one is kept. */
  record Capture(@Nullable String name, PatternNode item) implements PatternNode {}

  /** What must, or must not, follow or come before. */
  record Look(PatternNode item, boolean behind, boolean negated) implements PatternNode {}

  /** A part that is not tried another way once it matched. */
  record Atomic(PatternNode item) implements PatternNode {}

  /** The fewest characters that this takes. */
  default int leastWidth() {
    return switch (this) {
      case Characters ignored -> 1;
      case Anchor ignored -> 0;
      case Look ignored -> 0;
      case Sequence(List<PatternNode> items) ->
          capped(items.stream().mapToLong(PatternNode::leastWidth).sum());
      case Choice(List<PatternNode> branches) ->
          branches.stream().mapToInt(PatternNode::leastWidth).min().orElse(0);
      case Repeat repeat -> capped((long) repeat.item.leastWidth() * repeat.least);
      case Capture capture -> capture.item.leastWidth();
      case Atomic atomic -> atomic.item.leastWidth();
    };
  }

  /** The most characters that this takes. */
  default int mostWidth() {
    return switch (this) {
      case Characters ignored -> 1;
      case Anchor ignored -> 0;
      case Look ignored -> 0;
      case Sequence(List<PatternNode> items) ->
          capped(items.stream().mapToLong(PatternNode::mostWidth).sum());
      case Choice(List<PatternNode> branches) ->
          branches.stream().mapToInt(PatternNode::mostWidth).max().orElse(0);
      case Repeat repeat -> capped((long) repeat.item.mostWidth() * repeat.most);
      case Capture capture -> capture.item.mostWidth();
      case Atomic atomic -> atomic.item.mostWidth();
    };
  }

  private static int capped(long width) {
    return (int) Math.min(width, UNBOUNDED);
  }
}
