package io.fourierft.layer;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.internal.host.HostViews;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Refuses activations that do not fit a layer, before anything is written. */
final class LayerShapes {
  private LayerShapes() {}

  static HostMatrix requireHost(Matrix matrix, String what) {
    if (matrix instanceof HostMatrix host) {
      return host;
    }
    throw new ShapeException(
        what
            + " lies in the memory of a device, where this layer has no base weight; multiply the"
            + " base there and call addAdapterOutput for the adapters");
  }

  /** Checks what goes in and what comes out of one product with the weight. */
  static void requireFit(
      HostMatrix in,
      String inName,
      int inFeatures,
      HostMatrix out,
      String outName,
      int outFeatures,
      HostMatrix weight) {
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
    if (in.elementType() != weight.elementType() && in.elementType() != ElementType.F32) {
      throw new ShapeException(
          "%s is %s but the base weight is %s; use that type, or F32"
              .formatted(inName, in.elementType(), weight.elementType()));
    }
    if ((long) out.rows() * Math.max(inFeatures, outFeatures) > Integer.MAX_VALUE - 8) {
      throw new ShapeException(
          "%d tokens of a %d x %d layer are too many for one call; pass fewer at a time"
              .formatted(out.rows(), outFeatures, inFeatures));
    }
    requireWritable(out, outName);
    requireApart(out, outName, in, inName);
    requireApart(out, outName, weight, "the base weight");
  }

  static void requireColumns(HostMatrix matrix, String name, int features) {
    if (matrix.cols() != features) {
      throw new ShapeException(
          "%s has %d columns, but this layer needs %d".formatted(name, matrix.cols(), features));
    }
  }

  static void requireTokens(HostMatrix matrix, String name, int tokens) {
    if (matrix.rows() != tokens) {
      throw new ShapeException(
          "%s has %d tokens, but the forward pass of this tape had %d"
              .formatted(name, matrix.rows(), tokens));
    }
  }

  /** Checks the places for the gradients of coefficients. */
  static void requireGradients(
      LayerState state,
      Map<String, ? extends Matrix> gradients,
      HostMatrix g,
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
          if (gradient instanceof HostMatrix host) {
            requireWritable(host, what);
            requireApart(host, what, g, "g");
            requireApart(host, what, gx instanceof HostMatrix hostGx ? hostGx : null, "gx");
          }
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

  /** Checks the place for the gradient of the bias; returns it. */
  static HostMatrix requireBiasGradient(
      LayerState state,
      Matrix biasGradient,
      HostMatrix g,
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
    HostMatrix target = requireHost(biasGradient, what);
    requireWritable(target, what);
    requireApart(target, what, g, "g");
    requireApart(target, what, gx instanceof HostMatrix hostGx ? hostGx : null, "gx");
    gradients.forEach(
        (name, gradient) ->
            requireApart(
                target,
                what,
                gradient instanceof HostMatrix host ? host : null,
                "the gradient of adapter '" + name + "'"));
    return target;
  }

  static void requireWritable(HostMatrix matrix, String name) {
    if (matrix.data().isReadOnly()) {
      throw new ShapeException(name + " is written, but its memory is read-only");
    }
  }

  static void requireApart(HostMatrix out, String outName, @Nullable HostMatrix in, String inName) {
    if (in != null && HostViews.overlap(out, in)) {
      throw new ShapeException(
          "%s overlaps %s in memory; give it memory of its own".formatted(outName, inName));
    }
  }
}
