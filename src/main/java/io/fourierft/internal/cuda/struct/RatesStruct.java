package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * The rates of one group of parameters in one step.
 *
 * @param learningRate with the factor of a schedule
 * @param decay 1 − learning rate · weight decay
 * @param stepSize written by the device
 */
public record RatesStruct(double learningRate, float decay, float stepSize) implements Struct {
  /** The struct {@code fourierft_rates}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_DOUBLE.withName("learning_rate"),
              ValueLayout.JAVA_FLOAT.withName("decay"),
              ValueLayout.JAVA_FLOAT.withName("step_size"))
          .withName("fourierft_rates");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putDouble(learningRate).putFloat(decay).putFloat(stepSize);
  }
}
