package io.fourierft.layer;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.internal.host.HostViews;

/** A layer in memory that the CPU can reach. */
final class HostMemory implements LayerMemory {
  /** A matrix that is known to lie there. */
  static HostMatrix host(Matrix matrix) {
    if (matrix instanceof HostMatrix host) {
      return host;
    }
    throw new IllegalStateException(matrix + " was not checked");
  }

  @Override
  public void requireHere(Matrix matrix, String name) {
    if (!(matrix instanceof HostMatrix)) {
      throw new ShapeException(
          name
              + " lies in the memory of a device, where this layer has no base weight; give the"
              + " layer a weight there, or multiply the base yourself and call addAdapterOutput for"
              + " the adapters");
    }
  }

  @Override
  public void requireMultipliable(Matrix activations, String name, Matrix weight) {
    if (activations.elementType() != weight.elementType()
        && activations.elementType() != ElementType.F32) {
      throw new ShapeException(
          "%s is %s but the base weight is %s; use that type, or F32"
              .formatted(name, activations.elementType(), weight.elementType()));
    }
  }

  @Override
  public void requireWritable(Matrix output, String name) {
    if (output instanceof HostMatrix host && host.data().isReadOnly()) {
      throw new ShapeException(name + " is written, but its memory is read-only");
    }
  }

  @Override
  public void requireApart(Matrix output, String outputName, Matrix other, String otherName) {
    if (output instanceof HostMatrix out
        && other instanceof HostMatrix in
        && HostViews.overlap(out, in)) {
      throw new ShapeException(
          "%s overlaps %s in memory; give it memory of its own".formatted(outputName, otherName));
    }
  }

  @Override
  public void requireTokens(int tokens, int outFeatures, int inFeatures) {
    if ((long) tokens * Math.max(inFeatures, outFeatures) > Integer.MAX_VALUE - 8) {
      throw new ShapeException(
          "%d tokens of a %d x %d layer are too many for one call; pass fewer at a time"
              .formatted(tokens, outFeatures, inFeatures));
    }
  }

  @Override
  public Matrix copy(Matrix weight) {
    return HostViews.copy(host(weight));
  }

  @Override
  public Matrix kept(Matrix bias) {
    return HostViews.copy(host(bias));
  }

  @Override
  public Matrix shown(Matrix bias) {
    return HostViews.copy(host(bias));
  }

  @Override
  public void settle() {}
}
