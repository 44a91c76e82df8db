package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * The settings of one step of AdamW.
 *
 * @param beta1 β₁
 * @param beta2 β₂
 * @param maxNorm norm that gradients are clipped to
 * @param acknowledged refused steps that the caller knows of
 * @param share what a gathered gradient is multiplied by first
 * @param firstWeight 1 − β₁, rounded from double
 * @param secondDecay β₂
 * @param secondWeight 1 − β₂, rounded from double
 * @param epsilon ε
 * @param refuses 1 if gradients that are not finite refuse the step, 0 if they skip it
 */
public record AdamwStruct(
    double beta1,
    double beta2,
    double maxNorm,
    long acknowledged,
    float share,
    float firstWeight,
    float secondDecay,
    float secondWeight,
    float epsilon,
    int refuses)
    implements Struct {
  /** The struct {@code fourierft_adamw}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_DOUBLE.withName("beta1"),
              ValueLayout.JAVA_DOUBLE.withName("beta2"),
              ValueLayout.JAVA_DOUBLE.withName("max_norm"),
              ValueLayout.JAVA_LONG.withName("acknowledged"),
              ValueLayout.JAVA_FLOAT.withName("share"),
              ValueLayout.JAVA_FLOAT.withName("first_weight"),
              ValueLayout.JAVA_FLOAT.withName("second_decay"),
              ValueLayout.JAVA_FLOAT.withName("second_weight"),
              ValueLayout.JAVA_FLOAT.withName("epsilon"),
              ValueLayout.JAVA_INT.withName("refuses"))
          .withName("fourierft_adamw");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putDouble(beta1)
        .putDouble(beta2)
        .putDouble(maxNorm)
        .putLong(acknowledged)
        .putFloat(share)
        .putFloat(firstWeight)
        .putFloat(secondDecay)
        .putFloat(secondWeight)
        .putFloat(epsilon)
        .putInt(refuses);
  }
}
