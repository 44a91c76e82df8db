package io.fourierft.internal.cuda;

import io.fourierft.DeviceMatrix;
import io.fourierft.DeviceOperations;
import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.CudaOutOfMemoryException;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.ops.MatrixCopies;
import io.fourierft.internal.cuda.ops.Operations;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The dense products and copies of an engine: checks what they are given, and enqueues. */
final class DeviceProducts implements DeviceOperations {
  /** How often garbage is collected before memory counts as short, and how long cleaners have. */
  private static final int MOST_COLLECTIONS = 3;

  private static final long CLEANING_NANOS = 20_000_000;

  private final CudaFourierEngine engine;
  private final DeviceChecks checks;
  private final Operations operations;
  private final MatrixCopies copies;
  private final Submission submission;

  DeviceProducts(
      CudaFourierEngine engine,
      DeviceChecks checks,
      Operations operations,
      MatrixCopies copies,
      Submission submission) {
    this.engine = engine;
    this.checks = checks;
    this.operations = operations;
    this.copies = copies;
    this.submission = submission;
  }

  @Override
  public void multiply(
      Matrix x, Matrix weight, WeightLayout layout, @Nullable Matrix bias, Matrix y) {
    boolean inOut = layout == WeightLayout.IN_OUT;
    DeviceView base = multipliable(weight, "weight");
    int in = inOut ? base.rows() : base.cols();
    int out = inOut ? base.cols() : base.rows();
    DeviceView input = factor(x, "x", in, base);
    DeviceView output = factor(checks.output(y, "y", input.rows(), out), "y", out, base);
    requireApart(output, "y", input, "x");
    requireApart(output, "y", base, "weight");
    DeviceView added = bias == null ? null : bias(bias, out, base);
    if (added != null) {
      requireApart(output, "y", added, "bias");
    }
    List<Matrix> keep = bias == null ? List.of(x, weight, y) : List.of(x, weight, bias, y);
    submission.submit(
        keep, stream -> operations.products().forward(stream, input, base, inOut, added, output));
  }

  @Override
  public void multiplyTransposed(
      Matrix g, Matrix weight, WeightLayout layout, Matrix gx, boolean add) {
    boolean inOut = layout == WeightLayout.IN_OUT;
    DeviceView base = multipliable(weight, "weight");
    int in = inOut ? base.rows() : base.cols();
    int out = inOut ? base.cols() : base.rows();
    DeviceView input = factor(g, "g", out, base);
    DeviceView output = factor(checks.output(gx, "gx", input.rows(), in), "gx", in, base);
    requireApart(output, "gx", input, "g");
    requireApart(output, "gx", base, "weight");
    submission.submit(
        List.of(g, weight, gx),
        stream -> operations.products().backward(stream, input, base, inOut, output, add));
  }

  @Override
  public void addTokenSum(Matrix g, Matrix sum) {
    DeviceView input = multipliable(g, "g");
    DeviceView target = onDevice(checks.output(sum, "sum", 1, input.cols()), "sum");
    if (target.elementType() != ElementType.F32) {
      throw new ShapeException("sum is " + target.elementType() + ", but must be F32");
    }
    requireApart(target, "sum", input, "g");
    submission.submit(
        List.of(g, sum), stream -> operations.products().addTokenSum(stream, input, target));
  }

  private DeviceView factor(Matrix matrix, String name, int cols, DeviceView weight) {
    DeviceView view = multipliable(matrix, name);
    if (view.cols() != cols) {
      throw new ShapeException(
          "%s has %d columns, but the weight needs %d".formatted(name, view.cols(), cols));
    }
    if (view.elementType() != weight.elementType()) {
      throw new ShapeException(
          "%s is %s and the weight is %s; cuBLAS multiplies F32 by F32, F16 by F16 and BF16 by BF16"
              .formatted(name, view.elementType(), weight.elementType()));
    }
    return view;
  }

  private DeviceView bias(Matrix bias, int out, DeviceView weight) {
    DeviceView view = onDevice(checks.shaped(bias, "bias", 1, out), "bias");
    if (view.elementType() != weight.elementType() && view.elementType() != ElementType.F32) {
      throw new ShapeException(
          "the bias is %s and the weight is %s; use that type, or F32"
              .formatted(view.elementType(), weight.elementType()));
    }
    return view;
  }

  /** A matrix on the device that cuBLAS can take. */
  private DeviceView multipliable(Matrix matrix, String name) {
    DeviceView view = onDevice(checks.reachable(matrix, name), name);
    if (view.elementType() == ElementType.F64) {
      throw new ShapeException(name + " is F64; products on a device are of F32, F16 or BF16");
    }
    if (view.stride() > Integer.MAX_VALUE) {
      throw new ShapeException(
          "%s has a stride of %d; cuBLAS takes at most %d"
              .formatted(name, view.stride(), Integer.MAX_VALUE));
    }
    return view;
  }

  private DeviceView onDevice(Matrix reached, String name) {
    if (reached instanceof DeviceView view) {
      return view;
    }
    throw new ShapeException(
        "%s lies in host memory, but is used on %s; upload it".formatted(name, engine.name()));
  }

  @Override
  public DeviceMatrix.Owned copyOf(Matrix matrix) {
    Matrix source = checks.reachable(matrix, "the matrix");
    DeviceBuffer copy = bufferFor(source);
    boolean copied = false;
    try {
      if (source instanceof HostMatrix host) {
        engine.upload(host, copy);
      } else if (source instanceof DeviceView view) {
        DeviceView target = onDevice(checks.reachable(copy, "the copy"), "the copy");
        submission.submit(List.of(matrix, copy), stream -> copies.copy(stream, view, target));
      }
      copied = true;
      return copy;
    } finally {
      if (!copied) {
        copy.close();
      }
    }
  }

  /**
   * Room for a copy. Where there is none, what nothing refers to any more is given back first, as a
   * layer leaves merged weights that it has replaced.
   */
  private DeviceBuffer bufferFor(Matrix source) {
    for (int collections = 0; ; collections++) {
      try {
        return engine.newBuffer(source.elementType(), source.rows(), source.cols());
      } catch (CudaOutOfMemoryException e) {
        if (collections == MOST_COLLECTIONS) {
          throw e;
        }
        System.gc();
        LockSupport.parkNanos(CLEANING_NANOS);
      }
    }
  }

  @Override
  public void zero(Matrix matrix) {
    requireOnDevice(matrix, "the matrix");
    if (matrix instanceof CudaMatrix device) {
      engine.zero(device);
    }
  }

  @Override
  public void requireOnDevice(Matrix matrix, String name) {
    onDevice(checks.reachable(matrix, name), name);
  }

  @Override
  public void requireApart(Matrix output, String outputName, Matrix other, String otherName) {
    checks.requireApart(
        checks.reachable(output, outputName),
        outputName,
        checks.reachable(other, otherName),
        otherName);
  }

  @Override
  public void synchronize() {
    engine.synchronize();
  }
}
