package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * What becomes of a step; the device alone writes it.
 *
 * @param steps the steps after it
 * @param skipped the skipped steps after it
 * @param refused the refused steps after it
 * @param norm norm of its gradients before clipping
 * @param clip what gradients are multiplied by
 * @param secondCorrection √(1 − β₂ᵗ)
 * @param applies whether it is made
 */
public record DecisionStruct(
    long steps,
    long skipped,
    long refused,
    double norm,
    float clip,
    float secondCorrection,
    int applies)
    implements Struct {
  /** The struct {@code fourierft_decision}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("steps"),
              ValueLayout.JAVA_LONG.withName("skipped"),
              ValueLayout.JAVA_LONG.withName("refused"),
              ValueLayout.JAVA_DOUBLE.withName("norm"),
              ValueLayout.JAVA_FLOAT.withName("clip"),
              ValueLayout.JAVA_FLOAT.withName("second_correction"),
              ValueLayout.JAVA_INT.withName("applies"),
              ValueLayout.JAVA_INT.withName("reserved"))
          .withName("fourierft_decision");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putLong(steps)
        .putLong(skipped)
        .putLong(refused)
        .putDouble(norm)
        .putFloat(clip)
        .putFloat(secondCorrection)
        .putInt(applies)
        .putInt(0);
  }
}
