package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * The settings of one step of AdamW, with t counted from 1.
 *
 * @param decay 1 − learning rate · weight decay
 * @param beta1 β₁
 * @param oneMinusBeta1 1 − β₁, rounded from double
 * @param beta2 β₂
 * @param oneMinusBeta2 1 − β₂, rounded from double
 * @param epsilon ε
 * @param stepSize learning rate / (1 − β₁ᵗ)
 * @param bias2Root √(1 − β₂ᵗ)
 * @param maxNorm norm that gradients are clipped to
 */
public record AdamwStruct(
    float decay,
    float beta1,
    float oneMinusBeta1,
    float beta2,
    float oneMinusBeta2,
    float epsilon,
    float stepSize,
    float bias2Root,
    float maxNorm)
    implements Struct {
  /** The struct {@code fourierft_adamw}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_FLOAT.withName("decay"),
              ValueLayout.JAVA_FLOAT.withName("beta1"),
              ValueLayout.JAVA_FLOAT.withName("one_minus_beta1"),
              ValueLayout.JAVA_FLOAT.withName("beta2"),
              ValueLayout.JAVA_FLOAT.withName("one_minus_beta2"),
              ValueLayout.JAVA_FLOAT.withName("epsilon"),
              ValueLayout.JAVA_FLOAT.withName("step_size"),
              ValueLayout.JAVA_FLOAT.withName("bias2_root"),
              ValueLayout.JAVA_FLOAT.withName("max_norm"),
              ValueLayout.JAVA_INT.withName("reserved"))
          .withName("fourierft_adamw");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putFloat(decay)
        .putFloat(beta1)
        .putFloat(oneMinusBeta1)
        .putFloat(beta2)
        .putFloat(oneMinusBeta2)
        .putFloat(epsilon)
        .putFloat(stepSize)
        .putFloat(bias2Root)
        .putFloat(maxNorm)
        .putInt(0);
  }
}
