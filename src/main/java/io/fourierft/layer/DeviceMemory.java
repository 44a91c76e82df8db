package io.fourierft.layer;

import io.fourierft.AdapterPath;
import io.fourierft.DeviceOperations;
import io.fourierft.ElementType;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;

/** A layer in the memory of its engine's device. */
final class DeviceMemory implements LayerMemory {
  private final DeviceOperations device;

  DeviceMemory(DeviceOperations device) {
    this.device = device;
  }

  /** What is done there. */
  DeviceOperations operations() {
    return device;
  }

  /** Refuses options and weights that a layer on a device cannot have. */
  static void requireFit(Matrix weight, FourierLinearOptions options) {
    if (weight.elementType() == ElementType.F64) {
      throw new ShapeException(
          "the base weight is F64; a layer over device memory multiplies F32, F16 or BF16");
    }
    if (options.path() == AdapterPath.DENSE || options.deltaCacheBytes() != 0) {
      throw new FourierException(
          "a layer over device memory never builds ΔW for a pass, so path DENSE and"
              + " deltaCacheBytes do not go with it; merge adapters that are to be dense");
    }
  }

  @Override
  public void requireHere(Matrix matrix, String name) {
    if (matrix instanceof HostMatrix) {
      throw new ShapeException(
          name
              + " lies in host memory, but the base weight of this layer lies on a device; upload"
              + " it, or give the layer a weight in host memory");
    }
    device.requireOnDevice(matrix, name);
  }

  @Override
  public void requireMultipliable(Matrix activations, String name, Matrix weight) {
    if (activations.elementType() != weight.elementType()) {
      throw new ShapeException(
          "%s is %s but the base weight is %s; cuBLAS multiplies F32 by F32, F16 by F16 and BF16 by"
                  .formatted(name, activations.elementType(), weight.elementType())
              + " BF16, so convert one of them");
    }
  }

  @Override
  public void requireWritable(Matrix output, String name) {}

  @Override
  public void requireApart(Matrix output, String outputName, Matrix other, String otherName) {
    device.requireApart(output, outputName, other, otherName);
  }

  @Override
  public void requireTokens(int tokens, int outFeatures, int inFeatures) {}

  @Override
  public Matrix copy(Matrix weight) {
    return device.copyOf(weight);
  }

  /** It is read where it is, so that an optimiser may change it in place. */
  @Override
  public Matrix kept(Matrix bias) {
    return bias;
  }

  @Override
  public Matrix shown(Matrix bias) {
    return bias;
  }

  @Override
  public void settle() {
    device.synchronize();
  }
}
