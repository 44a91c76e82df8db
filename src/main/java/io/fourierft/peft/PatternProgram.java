package io.fourierft.peft;

import io.fourierft.peft.PatternNode.Anchor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An expression as instructions for {@link PatternMatch}, its repeats written out. Instruction i
 * goes on at i + 1 unless it says otherwise. Immutable.
 */
final class PatternProgram {
  /** One step of a match. */
  sealed interface Instruction {}

  /** Takes a character of the set. */
  record Take(CharacterSet set) implements Instruction {}

  /** Holds at the position or fails. */
  record Hold(Anchor anchor) implements Instruction {}

  /** Tries {@code first}, then {@code second}. */
  record Fork(int first, int second) implements Instruction {}

  /**
   * The end of a round of a loop: goes on at {@code head}, or at {@code out} if the loop was at
   * {@code head} at this position before, which is so after a round that took nothing.
   */
  record Again(int head, int out) implements Instruction {}

  /** Goes on at {@code target}. */
  record Jump(int target) implements Instruction {}

  /** Keeps the position. */
  record Keep(int slot) implements Instruction {}

  /**
   * Tries the part that begins at the next instruction and goes on at {@code next} if the outcome
   * is wanted, where the part ended if it takes characters, else where it began.
   *
   * @param index number of the part
   * @param back characters before the position at which the part begins
   */
  record Part(int index, int next, int back, boolean negated, boolean takes)
      implements Instruction {}

  /** The end of a part, or of the whole. */
  record Accept() implements Instruction {}

  /** More than any that is used, and small enough to be summed. */
  private static final long LARGEST_SIZE = 1L << 36;

  private final Instruction[] instructions;
  private final Map<String, Integer> slots;
  private final int parts;

  private PatternProgram(Compiler compiler) {
    instructions = compiler.instructions.toArray(Instruction[]::new);
    slots = compiler.slots;
    parts = compiler.parts;
  }

  static PatternProgram of(PatternNode node) {
    Compiler compiler = new Compiler();
    compiler.add(node);
    compiler.instructions.add(new Accept());
    return new PatternProgram(compiler);
  }

  /** The length of the program of a node at most, without making it. */
  static long size(PatternNode node) {
    return switch (node) {
      case PatternNode.Characters ignored -> 1;
      case Anchor ignored -> 1;
      case PatternNode.Sequence(List<PatternNode> items) ->
          items.stream().mapToLong(PatternProgram::size).sum();
      case PatternNode.Choice(List<PatternNode> branches) ->
          branches.stream().mapToLong(branch -> size(branch) + 2).sum();
      case PatternNode.Repeat repeat -> {
        long item = Math.min(size(repeat.item()), Integer.MAX_VALUE);
        long least = least(repeat);
        long most = most(repeat);
        long more = most == PatternNode.UNBOUNDED ? item + 2 : (most - least) * (item + 1);
        yield Math.min(item * least + more, LARGEST_SIZE);
      }
      case PatternNode.Capture capture -> size(capture.item()) + 2;
      case PatternNode.Look look -> size(look.item()) + 2;
      case PatternNode.Atomic atomic -> size(atomic.item()) + 2;
    };
  }

  // What takes no character does or does not hold, however often.
  private static int least(PatternNode.Repeat repeat) {
    return repeat.item().mostWidth() == 0 ? Math.min(repeat.least(), 1) : repeat.least();
  }

  private static int most(PatternNode.Repeat repeat) {
    return repeat.item().mostWidth() == 0 ? Math.min(repeat.most(), 1) : repeat.most();
  }

  Instruction at(int index) {
    return instructions[index];
  }

  int length() {
    return instructions.length;
  }

  int parts() {
    return parts;
  }

  int slotCount() {
    return 2 * slots.size();
  }

  boolean hasGroup(String name) {
    return slots.containsKey(name);
  }

  /**
   * The slot of a named group's begin, its end being the next one; −1 if there is no such group.
   */
  int slot(String group) {
    return slots.getOrDefault(group, -1);
  }

  private static final class Compiler {
    private final List<Instruction> instructions = new ArrayList<>();
    private final Map<String, Integer> slots = new TreeMap<>();
    private int parts;

    void add(PatternNode node) {
      switch (node) {
        case PatternNode.Characters(CharacterSet set) -> instructions.add(new Take(set));
        case Anchor anchor -> instructions.add(new Hold(anchor));
        case PatternNode.Sequence(List<PatternNode> items) -> items.forEach(this::add);
        case PatternNode.Choice(List<PatternNode> branches) -> addChoice(branches);
        case PatternNode.Repeat repeat -> addRepeat(repeat);
        case PatternNode.Capture capture -> addCapture(capture);
        case PatternNode.Look look ->
            addPart(
                look.item(), look.behind() ? look.item().leastWidth() : 0, look.negated(), false);
        case PatternNode.Atomic atomic -> addPart(atomic.item(), 0, false, true);
      }
    }

    private int here() {
      return instructions.size();
    }

    /** A place for an instruction whose targets are not known yet. */
    private int reserve() {
      instructions.add(new Accept());
      return here() - 1;
    }

    private void addChoice(List<PatternNode> branches) {
      List<Integer> ends = new ArrayList<>();
      for (int i = 0; i + 1 < branches.size(); i++) {
        int fork = reserve();
        add(branches.get(i));
        ends.add(reserve());
        instructions.set(fork, new Fork(fork + 1, here()));
      }
      add(branches.getLast());
      ends.forEach(end -> instructions.set(end, new Jump(here())));
    }

    private void addRepeat(PatternNode.Repeat repeat) {
      int least = least(repeat);
      int most = most(repeat);
      for (int i = 0; i < least; i++) {
        add(repeat.item());
      }
      if (most == PatternNode.UNBOUNDED) {
        int head = reserve();
        add(repeat.item());
        int out = here() + 1;
        instructions.add(new Again(head, out));
        instructions.set(head, fork(head + 1, out, repeat.lazy()));
        return;
      }
      List<Integer> forks = new ArrayList<>();
      for (int i = least; i < most; i++) {
        forks.add(reserve());
        add(repeat.item());
      }
      forks.forEach(fork -> instructions.set(fork, fork(fork + 1, here(), repeat.lazy())));
    }

    private static Fork fork(int again, int out, boolean lazy) {
      return lazy ? new Fork(out, again) : new Fork(again, out);
    }

    private void addCapture(PatternNode.Capture capture) {
      String name = capture.name();
      if (name == null) {
        add(capture.item());
        return;
      }
      int slot = slots.computeIfAbsent(name, key -> 2 * slots.size());
      instructions.add(new Keep(slot));
      add(capture.item());
      instructions.add(new Keep(slot + 1));
    }

    private void addPart(PatternNode item, int back, boolean negated, boolean takes) {
      int index = parts++;
      int part = reserve();
      add(item);
      instructions.add(new Accept());
      instructions.set(part, new Part(index, here(), back, negated, takes));
    }
  }
}
