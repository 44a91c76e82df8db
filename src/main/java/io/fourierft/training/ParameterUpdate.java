package io.fourierft.training;

import io.fourierft.FourierEngine;
import io.fourierft.Matrix;

/** The moments of a training, and the steps that are made with them: on the host or on a device. */
interface ParameterUpdate extends AutoCloseable {
  /** Puts the settings of the next step where it will find them; parameters stay as they are. */
  void prepare(StepSettings settings);

  /**
   * Makes the step prepared last, or skips it, and sets the gradients to zero. If this throws, all
   * is as before it, unless {@link #isSpoilt}.
   *
   * @param on where a device enqueues; only a device is given another than its own engine
   */
  void apply(FourierEngine on);

  /** As of the last step that is known to be done; never waits. */
  Progress progress();

  /** As of the last step; waits for it. */
  Progress awaitProgress();

  /** Whether a step is done when {@link #apply} returns. */
  boolean isImmediate();

  /** Whether a failure left the parameters half-updated. */
  boolean isSpoilt();

  /** The first moment of a parameter, F32, in its shape and memory. */
  Matrix firstMoment(int index);

  /** The second moment of a parameter, F32, in its shape and memory. */
  Matrix secondMoment(int index);

  /** A copy of numbers of a parameter; waits for them. */
  float[] read(StateTensor what, int index);

  /** Replaces numbers and progress; what this leaves is spoilt until {@link #finishRestoring}. */
  void beginRestoring();

  /** Replaces numbers of a parameter. */
  void write(StateTensor what, int index, float[] values);

  /** Ends what {@link #beginRestoring} began. */
  void finishRestoring(Progress progress);

  /** Counts from here. */
  void setProgress(Progress progress);

  /** Sets all gradients to zero. */
  void clearGradients();

  /** Gives the values to those who compute with copies. */
  void publish();

  @Override
  void close();
}
