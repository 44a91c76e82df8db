package io.fourierft.demo;

import io.fourierft.HostMatrix;
import io.fourierft.training.TrainableParameter;
import java.util.List;

/** A frozen linear layer with something trainable on it. */
sealed interface AdaptedLayer extends AutoCloseable permits FourierAdapted, LowRankAdapted {
  /** Computes y from x, and keeps what {@link #backward} needs. */
  void forward(HostMatrix x, HostMatrix y);

  /** Adds the gradients of what is trained, for the upstream gradient g. */
  void backward(HostMatrix g);

  /** What is trained. */
  List<TrainableParameter> trainable();

  @Override
  void close();
}
