package io.fourierft.peft;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What all expressions of one configuration may cost together, in instructions and in steps. Steps
 * come back a little with every question, so that a matcher that lives long never runs dry on
 * honest work. Safe for any number of threads.
 */
final class PatternBudget {
  /** The instructions of one expression, written out. */
  static final int INSTRUCTIONS_EACH = 20_000;

  /** The instructions of all. */
  static final int INSTRUCTIONS = 200_000;

  /** One to four seconds of matching. */
  static final long STEPS = 200_000_000;

  /** Far more than an honest configuration spends on one name. */
  static final long STEPS_BACK = 50_000;

  private final AtomicLong instructions = new AtomicLong(INSTRUCTIONS);
  private final AtomicLong steps = new AtomicLong(STEPS);

  /** Takes the instructions of an expression; false if they are too many. */
  boolean takeInstructions(long count) {
    return count <= INSTRUCTIONS_EACH && instructions.addAndGet(-count) >= 0;
  }

  long stepsLeft() {
    return steps.get();
  }

  void takeSteps(long count) {
    steps.addAndGet(-count);
  }

  /** A new question gives some steps back. */
  void beginQuestion() {
    steps.updateAndGet(left -> Math.min(STEPS, left + STEPS_BACK));
  }
}
