package io.fourierft.training;

import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.layer.LayerGroup;
import org.jspecify.annotations.Nullable;

/**
 * Numbers that are trained, and the gradient that gathers for them, both in the memory of the host
 * or both in that of a device. Not thread-safe.
 */
public sealed interface TrainableParameter extends AutoCloseable
    permits TrainableSpectrum, TrainableTensor {
  /** The name under which the state of training is stored, unlike that of every other parameter. */
  String name();

  /** How many numbers are trained. */
  long size();

  /** The numbers themselves, F32: {@code [1, n_frequency]} of a spectrum, or a tensor's shape. */
  Matrix values();

  /** Where gradients are summed up, F32 of the same shape. */
  Matrix gradient();

  /**
   * Gives the values to whoever computes with them, if that one holds a copy; a {@link Trainer}
   * does so after each step.
   */
  void publish();

  /** The layers that {@link #publish} changes, which change together; null if there are none. */
  @Nullable LayerGroup group();

  /**
   * Refuses before anything is changed what {@link #publish} would refuse afterwards.
   *
   * @throws FourierException if the values could not be published now
   */
  void requirePublishable();

  /** Gives back device memory that this owns; a {@link Trainer} that closes does so. */
  @Override
  void close();

  /** Whether device memory that this owned was given back, so that it cannot be trained again. */
  boolean isClosed();
}
