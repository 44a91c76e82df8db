package io.fourierft.layer;

import io.fourierft.Matrix;
import io.fourierft.ShapeException;

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

  /** Checks a bias that a layer is given. */
  static void requireBias(Matrix bias, int outFeatures) {
    if (bias.rows() != 1 || bias.cols() != outFeatures) {
      throw new ShapeException(
          "the bias is %d x %d, but must be 1 x %d"
              .formatted(bias.rows(), bias.cols(), outFeatures));
    }
  }
}
