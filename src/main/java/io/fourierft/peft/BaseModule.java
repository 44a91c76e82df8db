package io.fourierft.peft;

import io.fourierft.safetensors.TensorInfo;
import java.util.List;
import java.util.OptionalLong;

/**
 * A module of a base model that has a weight of two dimensions, and so may be a linear layer.
 *
 * @param name its dotted path in the base model's files, without {@code .weight}
 * @param weight the weight tensor
 * @param biasLength length of its bias, if it has one of one dimension
 */
public record BaseModule(String name, TensorInfo weight, OptionalLong biasLength) {
  /** First dimension of the weight as stored. */
  public long storedRows() {
    return weight.shape().get(0);
  }

  /** Second dimension of the weight as stored. */
  public long storedCols() {
    return weight.shape().get(1);
  }

  /** Whether the bias alone shows how the weight is stored. */
  boolean provesLayout() {
    return biasLength.isPresent() && storedRows() != storedCols();
  }

  /** The same module with a weight of another size, as a grown vocabulary gives. */
  BaseModule withShape(List<Long> shape) {
    long size = weight.sizeInBytes() / weight.elementCount() * shape.get(0) * shape.get(1);
    return new BaseModule(
        name, new TensorInfo(weight.name(), weight.dtype(), shape, 0, size), biasLength);
  }

  /** The last part of the path. */
  String leaf() {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  /** The path without its last part; empty at the root. */
  String parent() {
    return name.substring(0, Math.max(0, name.lastIndexOf('.')));
  }

  /** Whether the weight is of a type that a delta can be added to. */
  boolean isFloatingPoint() {
    return switch (weight.dtype()) {
      case F64, F32, F16, BF16 -> true;
      default -> false;
    };
  }

  /** Words for a message. */
  String describe() {
    List<Long> shape = weight.shape();
    return weight.dtype() + " " + shape;
  }
}
