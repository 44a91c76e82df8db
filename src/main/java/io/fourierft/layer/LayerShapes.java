package io.fourierft.layer;

import io.fourierft.ElementType;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Refuses activations that do not fit a layer, before anything is written. */
final class LayerShapes {
  private LayerShapes() {}

  /** Checks what goes in and what comes out of one product with the weight. */
  static void requireFit(
      LayerMemory memory,
      Matrix in,
      String inName,
      int inFeatures,
      Matrix out,
      String outName,
      int outFeatures,
      Matrix weight) {
    memory.requireHere(in, inName);
    memory.requireHere(out, outName);
    requireColumns(in, inName, inFeatures);
    requireColumns(out, outName, outFeatures);
    if (in.rows() != out.rows()) {
      throw new ShapeException(
          "%s has %d tokens and %s has %d; they must have as many"
              .formatted(inName, in.rows(), outName, out.rows()));
    }
    if (in.elementType() != out.elementType()) {
      throw new ShapeException(
          "%s is %s and %s is %s; they must have one element type"
              .formatted(inName, in.elementType(), outName, out.elementType()));
    }
    memory.requireMultipliable(in, inName, weight);
    memory.requireTokens(out.rows(), outFeatures, inFeatures);
    memory.requireWritable(out, outName);
    memory.requireApart(out, outName, in, inName);
    memory.requireApart(out, outName, weight, "the base weight");
  }

  static void requireColumns(Matrix matrix, String name, int features) {
    if (matrix.cols() != features) {
      throw new ShapeException(
          "%s has %d columns, but this layer needs %d".formatted(name, matrix.cols(), features));
    }
  }

  static void requireTokens(Matrix matrix, String name, int tokens) {
    if (matrix.rows() != tokens) {
      throw new ShapeException(
          "%s has %d tokens, but the forward pass of this tape had %d"
              .formatted(name, matrix.rows(), tokens));
    }
  }

  /** Checks the places for the gradients of coefficients. */
  static void requireGradients(
      LayerMemory memory,
      LayerState state,
      Map<String, ? extends Matrix> gradients,
      Matrix g,
      @Nullable Matrix gx) {
    gradients.forEach(
        (name, gradient) -> {
          int wanted = state.adapter(name).nFrequency();
          String what = "the gradient of adapter '" + name + "'";
          if (gradient.elementType() != ElementType.F32
              || gradient.rows() != 1
              || gradient.cols() != wanted) {
            throw new ShapeException(
                "%s is %s %d x %d, but must be F32 1 x %d"
                    .formatted(
                        what, gradient.elementType(), gradient.rows(), gradient.cols(), wanted));
          }
          requireOutput(memory, gradient, what, g, gx);
          gradients.forEach(
              (other, another) -> {
                if (other.compareTo(name) < 0) {
                  memory.requireApart(
                      gradient, what, another, "the gradient of adapter '" + other + "'");
                }
              });
        });
  }

  /** Checks a bias that a layer is given. */
  static void requireBias(Matrix bias, int outFeatures) {
    if (bias.rows() != 1 || bias.cols() != outFeatures) {
      throw new ShapeException(
          "the bias is %d x %d, but must be 1 x %d"
              .formatted(bias.rows(), bias.cols(), outFeatures));
    }
  }

  /** Checks the place for the gradient of the bias. */
  static void requireBiasGradient(
      LayerMemory memory,
      LayerState state,
      Matrix biasGradient,
      Matrix g,
      @Nullable Matrix gx,
      Map<String, ? extends Matrix> gradients) {
    String what = "the gradient of the bias";
    if (state.bias() == null) {
      throw new ShapeException("this layer has no bias whose gradient could be had");
    }
    if (biasGradient.elementType() != ElementType.F32
        || biasGradient.rows() != 1
        || biasGradient.cols() != g.cols()) {
      throw new ShapeException(
          "%s is %s %d x %d, but must be F32 1 x %d"
              .formatted(
                  what,
                  biasGradient.elementType(),
                  biasGradient.rows(),
                  biasGradient.cols(),
                  g.cols()));
    }
    memory.requireHere(biasGradient, what);
    requireOutput(memory, biasGradient, what, g, gx);
    gradients.forEach(
        (name, gradient) ->
            memory.requireApart(
                biasGradient, what, gradient, "the gradient of adapter '" + name + "'"));
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
