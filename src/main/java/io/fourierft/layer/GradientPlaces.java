package io.fourierft.layer;

import io.fourierft.ElementType;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Refuses places for gradients that do not fit a layer, before anything is written. Belongs to a
 * tape, and remembers what it calls the places, so that a backward pass that finds nothing wrong
 * makes no words.
 */
final class GradientPlaces {
  private static final String OF_BIAS = "the gradient of the bias";

  /** Names that are remembered. */
  private static final int MOST = 1000;

  private final Map<String, String> words = new HashMap<>();

  /**
   * Checks the places for the gradients of coefficients.
   *
   * @param routed the adapters of the pass; others may have gradients too
   */
  void require(
      LayerMemory memory,
      LayerState state,
      AdapterNames.Routed routed,
      Map<String, ? extends Matrix> gradients,
      Matrix g,
      @Nullable Matrix gx) {
    List<String> names = names(routed, gradients);
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      Matrix gradient = gradients.get(name);
      if (gradient == null) {
        continue;
      }
      String what = word(name);
      requireRow(gradient, what, state.adapter(name).nFrequency());
      requireOutput(memory, gradient, what, g, gx);
      for (int j = 0; j < names.size(); j++) {
        Matrix another = names.get(j).compareTo(name) < 0 ? gradients.get(names.get(j)) : null;
        if (another != null) {
          memory.requireApart(gradient, what, another, word(names.get(j)));
        }
      }
    }
  }

  /** Checks the place for the gradient of the bias, after those of {@link #require}. */
  void requireBias(
      LayerMemory memory,
      LayerState state,
      AdapterNames.Routed routed,
      Matrix biasGradient,
      Matrix g,
      @Nullable Matrix gx,
      Map<String, ? extends Matrix> gradients) {
    if (state.bias() == null) {
      throw new ShapeException("this layer has no bias whose gradient could be had");
    }
    requireRow(biasGradient, OF_BIAS, g.cols());
    memory.requireHere(biasGradient, OF_BIAS);
    requireOutput(memory, biasGradient, OF_BIAS, g, gx);
    List<String> names = names(routed, gradients);
    for (int i = 0; i < names.size(); i++) {
      Matrix gradient = gradients.get(names.get(i));
      if (gradient != null) {
        memory.requireApart(biasGradient, OF_BIAS, gradient, word(names.get(i)));
      }
    }
  }

  /** At least all names that have a gradient; to go through a map itself makes objects. */
  private static List<String> names(
      AdapterNames.Routed routed, Map<String, ? extends Matrix> gradients) {
    return routed.count(gradients.keySet()) == gradients.size()
        ? routed.names()
        : List.copyOf(gradients.keySet());
  }

  private String word(String name) {
    String known = words.get(name);
    if (known != null) {
      return known;
    }
    if (words.size() == MOST) {
      words.clear();
    }
    String made = "the gradient of adapter '" + name + "'";
    words.put(name, made);
    return made;
  }

  private static void requireRow(Matrix gradient, String what, int wanted) {
    if (gradient.elementType() != ElementType.F32
        || gradient.rows() != 1
        || gradient.cols() != wanted) {
      throw new ShapeException(
          "%s is %s %d x %d, but must be F32 1 x %d"
              .formatted(what, gradient.elementType(), gradient.rows(), gradient.cols(), wanted));
    }
  }

  private static void requireOutput(
      LayerMemory memory, Matrix output, String what, Matrix g, @Nullable Matrix gx) {
    memory.requireWritable(output, what);
    memory.requireApart(output, what, g, "g");
    if (gx != null) {
      memory.requireApart(output, what, gx, "gx");
    }
  }
}
