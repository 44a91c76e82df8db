package io.fourierft.internal.checks;

import io.fourierft.AdapterRouting;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import java.util.ArrayList;
import java.util.List;

/**
 * What an engine asks of every matrix before anything is read or written. Engines differ in the
 * memory that they reach; the rest is the same, and so are the messages.
 *
 * @param <M> the matrices that the engine can reach
 */
public abstract class CallChecks<M extends Matrix> {
  /** Checks of one engine. */
  protected CallChecks() {}

  /**
   * The matrix as one that the engine can reach.
   *
   * @throws ShapeException if it cannot
   */
  public abstract M reachable(Matrix matrix, String name);

  /**
   * Whether two matrices that {@link #reachable} gave, with a row each at least, share an element.
   */
  protected abstract boolean overlap(M a, M b);

  /** As {@link #reachable}, of the given shape. */
  public final M shaped(Matrix matrix, String name, int rows, int cols) {
    return requireShape(reachable(matrix, name), name, rows, cols);
  }

  /** As {@link #shaped}, to be written. */
  public final M output(Matrix matrix, String name, int rows, int cols) {
    M reached = shaped(matrix, name, rows, cols);
    if (reached instanceof HostMatrix host && host.data().isReadOnly()) {
      throw new ShapeException(name + " is read-only memory, but is to be written");
    }
    return reached;
  }

  /** As {@link #reachable}, F32, F16 or BF16: any number of tokens of any length. */
  public final M activations(Matrix matrix, String name) {
    return requireActivations(reachable(matrix, name), name);
  }

  /** The input of an operator: as many tokens as the routing speaks of. */
  public final M input(AdapterRouting routing, Direction direction, Matrix x) {
    String name = direction.input();
    M tokens = reachable(x, name);
    requireShape(tokens, name, tokens.rows(), direction.inputFeatures(routing));
    requireTokens(routing, tokens.rows(), name);
    return requireActivations(tokens, name);
  }

  /** The output of an operator on so many tokens. */
  public final M output(AdapterRouting routing, Direction direction, Matrix y, int tokens) {
    String name = direction.output();
    return requireActivations(output(y, name, tokens, direction.outputFeatures(routing)), name);
  }

  /** The upstream gradient of so many tokens. */
  public final M upstream(AdapterRouting routing, Matrix g, int tokens) {
    return requireActivations(shaped(g, "g", tokens, routing.rows()), "g");
  }

  /** A layer's weight, stored as {@code [rows, cols]} or transposed, to be added to. */
  public final M weight(FourierAdapter adapter, Matrix weight, boolean transposed) {
    return transposed
        ? output(weight, "weight", adapter.cols(), adapter.rows())
        : output(weight, "weight", adapter.rows(), adapter.cols());
  }

  /** One matrix for the ΔW of each adapter, apart from one another. */
  public final List<M> deltas(List<FourierAdapter> adapters, List<? extends Matrix> out) {
    return deltas(adapters, out, new ArrayList<>(out.size()));
  }

  /**
   * The same in a list that is used again, so that the call allocates nothing.
   *
   * @param targets empty, and filled even where a matrix is refused
   */
  public final List<M> deltas(
      List<FourierAdapter> adapters, List<? extends Matrix> out, List<M> targets) {
    if (adapters.size() != out.size()) {
      throw new ShapeException(
          "%d adapters need as many matrices for their deltas, but there are %d"
              .formatted(adapters.size(), out.size()));
    }
    for (int i = 0; i < adapters.size(); i++) {
      FourierAdapter adapter = adapters.get(i);
      M target = output(out.get(i), "out", adapter.rows(), adapter.cols());
      for (int j = 0; j < i; j++) {
        requireApart(target, "an out matrix", targets.get(j), "another out matrix");
      }
      targets.add(target);
    }
    return targets;
  }

  /** One matrix for the gradient of each adapter, apart from one another. */
  public final List<M> gradients(AdapterRouting routing, List<? extends Matrix> gradients) {
    return gradients(routing, gradients, new ArrayList<>(gradients.size()));
  }

  /**
   * The same in a list that is used again, so that the call allocates nothing.
   *
   * @param targets empty, and filled even where a matrix is refused
   */
  public final List<M> gradients(
      AdapterRouting routing, List<? extends Matrix> gradients, List<M> targets) {
    int adapters = routing.adapters().size();
    if (gradients.size() != adapters) {
      throw new ShapeException(
          "%d adapters need as many gradients, but there are %d"
              .formatted(adapters, gradients.size()));
    }
    for (int a = 0; a < adapters; a++) {
      M target = gradient(routing.adapters().get(a), gradients.get(a));
      for (int b = 0; b < a; b++) {
        M earlier = targets.get(b);
        if (shareAnElement(target, earlier)) {
          throw overlapping("gradient " + a, "gradient " + b);
        }
      }
      targets.add(target);
    }
    return targets;
  }

  /** As {@link #gradients(AdapterRouting, List)}, apart from the activations too. */
  public final List<M> gradients(
      AdapterRouting routing, List<? extends Matrix> gradients, M x, M g) {
    return gradients(routing, gradients, x, g, new ArrayList<>(gradients.size()));
  }

  /** The same in a list that is used again. */
  public final List<M> gradients(
      AdapterRouting routing, List<? extends Matrix> gradients, M x, M g, List<M> targets) {
    gradients(routing, gradients, targets);
    requireApart(targets, x, "x");
    requireApart(targets, g, "g");
    return targets;
  }

  /** Refuses gradients that share memory with another matrix of the call. */
  public final void requireApart(List<M> gradients, M other, String name) {
    for (int a = 0; a < gradients.size(); a++) {
      requireApart(gradients.get(a), "a gradient", other, name);
    }
  }

  /** The gradient of the input of a backward pass, apart from what the same call reads. */
  public final M inputGradient(AdapterRouting routing, Matrix gx, M x, M g) {
    M target = output(routing, Direction.TRANSPOSED, gx, x.rows());
    requireApart(target, "gx", x, "x");
    requireApart(target, "gx", g, "g");
    return target;
  }

  /** The matrix for one adapter's gradient: a number for each coefficient. */
  public final M gradient(FourierAdapter adapter, Matrix gradient) {
    M target = output(gradient, "gradient", 1, adapter.nFrequency());
    if (target.elementType() != ElementType.F32) {
      throw new ShapeException("gradient is " + target.elementType() + ", but must be F32");
    }
    return target;
  }

  /** Refuses an output that shares memory with another matrix of the call. */
  public final void requireApart(M output, String outputName, M other, String name) {
    if (shareAnElement(output, other)) {
      throw overlapping(outputName, name);
    }
  }

  private boolean shareAnElement(M output, M other) {
    return output.rows() > 0 && other.rows() > 0 && overlap(output, other);
  }

  private static ShapeException overlapping(String output, String other) {
    return new ShapeException(
        output + " overlaps " + other + " in memory; give them memory of their own");
  }

  /** Refuses another number of tokens than the routing chooses adapters for. */
  public static void requireTokens(AdapterRouting routing, int tokens, String name) {
    if (routing.tokens() >= 0 && routing.tokens() != tokens) {
      throw new ShapeException(
          "%s has %d tokens, but the routing speaks of %d"
              .formatted(name, tokens, routing.tokens()));
    }
  }

  private static <T extends Matrix> T requireShape(T matrix, String name, int rows, int cols) {
    if (matrix.rows() != rows || matrix.cols() != cols) {
      throw new ShapeException(
          "%s is %d x %d, but must be %d x %d"
              .formatted(name, matrix.rows(), matrix.cols(), rows, cols));
    }
    return matrix;
  }

  private static <T extends Matrix> T requireActivations(T matrix, String name) {
    if (matrix.elementType() == ElementType.F64) {
      throw new ShapeException(name + " is F64; activations are F32, F16 or BF16");
    }
    return matrix;
  }

  /** A matrix in host memory that this thread may touch. */
  protected static HostMatrix host(HostMatrix matrix, String name) {
    if (!matrix.data().scope().isAlive()) {
      throw new ShapeException(name + " is in memory whose arena has been closed");
    }
    if (!matrix.data().isAccessibleBy(Thread.currentThread())) {
      throw new ShapeException(
          name + " is in the confined arena of another thread; use a shared one");
    }
    return matrix;
  }
}
