package io.fourierft.training;

import io.fourierft.DeviceMatrix;
import io.fourierft.ElementType;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.host.HostViews;
import io.fourierft.layer.LayerGroup;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A whole tensor that is trained beside the spectra, and its gradient: a head of PEFT's {@code
 * modules_to_save}, a bias. It is trained in place, in the memory that it is given. Not
 * thread-safe.
 */
public final class TrainableTensor implements TrainableParameter {
  private final String name;
  private final Matrix values;
  private final Matrix gradient;
  private final Consumer<Matrix> published;
  private final @Nullable DeviceBuffer owned;
  private boolean closed;

  private TrainableTensor(
      String name,
      Matrix values,
      Matrix gradient,
      Consumer<Matrix> published,
      @Nullable DeviceBuffer owned) {
    this.name = name;
    this.values = values;
    this.gradient = gradient;
    this.published = published;
    this.owned = owned;
  }

  /**
   * A tensor in host memory, with a gradient of zeros.
   *
   * @param values F32, dense; trained in place
   * @throws ShapeException if the element type or the stride does not fit, or there is no element
   */
  public static TrainableTensor of(String name, HostMatrix values) {
    requireTrainable(name, values, "the values");
    int elements = Math.toIntExact((long) values.rows() * values.cols());
    return of(name, values, Matrix.of(new float[elements], values.rows(), values.cols()));
  }

  /**
   * A tensor in device memory, with a gradient of zeros that this owns.
   *
   * @param values F32, dense; trained in place, owned by the caller
   * @throws ShapeException if the element type or the stride does not fit, or there is no element
   */
  public static TrainableTensor of(String name, CudaFourierEngine engine, CudaMatrix values) {
    requireTrainable(name, values, "the values");
    DeviceBuffer gradient = engine.newBuffer(ElementType.F32, values.rows(), values.cols());
    boolean made = false;
    try {
      engine.zero(gradient);
      TrainableTensor tensor = make(name, values, gradient, in -> {}, gradient);
      made = true;
      return tensor;
    } finally {
      if (!made) {
        gradient.close();
      }
    }
  }

  /**
   * A tensor whose gradient is summed up in the caller's memory.
   *
   * @param values F32, dense, of the host or a device; trained in place
   * @param gradient the same in the same memory; the caller sets it to zero before the first batch
   * @throws ShapeException if one of them does not fit
   */
  public static TrainableTensor of(String name, Matrix values, Matrix gradient) {
    return of(name, values, gradient, in -> {});
  }

  /**
   * The same for values that somebody computes with a copy of.
   *
   * @param published called with the values after each step on the host, and when a {@link Trainer}
   *     on a device is asked to publish; as in {@code layer::updateBias}
   */
  public static TrainableTensor of(
      String name, Matrix values, Matrix gradient, Consumer<Matrix> published) {
    return make(name, values, gradient, published, null);
  }

  private static TrainableTensor make(
      String name,
      Matrix values,
      Matrix gradient,
      Consumer<Matrix> published,
      @Nullable DeviceBuffer owned) {
    if (name.isBlank()) {
      throw new FourierException("a trained tensor needs a name that is not blank");
    }
    requireTrainable(name, values, "the values");
    requireTrainable(name, gradient, "the gradient");
    if (values.rows() != gradient.rows() || values.cols() != gradient.cols()) {
      throw new ShapeException(
          "the gradient of tensor '%s' is %d x %d, but its values are %d x %d"
              .formatted(name, gradient.rows(), gradient.cols(), values.rows(), values.cols()));
    }
    boolean together =
        values instanceof DeviceMatrix one
            ? gradient instanceof DeviceMatrix other && one.device().equals(other.device())
            : gradient instanceof HostMatrix;
    if (!together) {
      throw new ShapeException(
          "the values of tensor '%s' and its gradient must both be on the host, or on one device"
              .formatted(name));
    }
    if (values instanceof HostMatrix one
        && gradient instanceof HostMatrix other
        && HostViews.overlap(one, other)) {
      throw new ShapeException("the gradient of tensor '" + name + "' overlaps its values");
    }
    return new TrainableTensor(name, values, gradient, published, owned);
  }

  private static void requireTrainable(String name, Matrix matrix, String what) {
    if (matrix.elementType() != ElementType.F32) {
      throw new ShapeException(
          "%s of tensor '%s' are %s; what is trained must be F32: train a copy, and round what is published"
              .formatted(what, name, matrix.elementType()));
    }
    if (matrix.rows() == 0) {
      throw new ShapeException("tensor '" + name + "' has no rows, so there is nothing to train");
    }
    if (matrix.rows() > 1 && matrix.stride() != matrix.cols()) {
      throw new ShapeException(
          "%s of tensor '%s' have rows of %d at a stride of %d; they must be dense"
              .formatted(what, name, matrix.cols(), matrix.stride()));
    }
    if ((long) matrix.rows() * matrix.cols() > Integer.MAX_VALUE - 8) {
      throw new ShapeException(
          "tensor '%s' of %d x %d is too large to train; the most is 2^31 - 9 elements"
              .formatted(name, matrix.rows(), matrix.cols()));
    }
    if (matrix instanceof HostMatrix host && host.data().isReadOnly()) {
      throw new ShapeException(
          what + " of tensor '" + name + "' lie in read-only memory; train a copy");
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long size() {
    return (long) values.rows() * values.cols();
  }

  @Override
  public Matrix values() {
    return values;
  }

  @Override
  public Matrix gradient() {
    return gradient;
  }

  @Override
  public void publish() {
    published.accept(values);
  }

  @Override
  public @Nullable LayerGroup group() {
    return null;
  }

  @Override
  public void requirePublishable() {
    // Whoever takes the values says so when it does.
  }

  /** Gives back a gradient that this owns; the rest is the caller's. */
  @Override
  public void close() {
    if (owned != null) {
      closed = true;
      owned.close();
    }
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  @Override
  public String toString() {
    return "tensor '%s' of %d x %d".formatted(name, values.rows(), values.cols());
  }
}
