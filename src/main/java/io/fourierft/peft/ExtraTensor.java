package io.fourierft.peft;

import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.TensorDeclaration;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * A tensor that an adapter carries beside its coefficients, and that replaces one of the base
 * model: of a module saved whole, a trained bias, an embedding.
 *
 * @param key its key in {@code adapter_model.safetensors}
 * @param baseTensor the name of the tensor that it replaces, in the model that PEFT adapted
 * @param kind why the adapter carries it
 * @param dtype type of the elements
 * @param shape the dimensions, outermost first
 * @param data the bytes, which stay in the file until they are asked for
 */
public record ExtraTensor(
    String key, String baseTensor, Kind kind, DType dtype, List<Long> shape, TensorData data) {
  /** Why an adapter carries a tensor. */
  public enum Kind {
    /** {@code modules_to_save} names the module, or one above it. */
    SAVED_MODULE,
    /** {@code bias} asks for it. */
    BIAS,
    /** The vocabulary was resized, or the embedding is adapted itself. */
    EMBEDDING
  }

  /** Copies the shape. */
  public ExtraTensor {
    shape = List.copyOf(shape);
  }

  /**
   * A float32 tensor of a module that is saved whole.
   *
   * @param tensor its name in the model, as {@code classifier.weight}
   * @param values row-major, copied
   * @throws PeftException if the shape does not fit the values
   */
  public static ExtraTensor saved(String tensor, List<Long> shape, float... values) {
    if (shape.stream().reduce(1L, Math::multiplyExact) != values.length) {
      throw new PeftException(
          "tensor '%s' of shape %s was given %d values".formatted(tensor, shape, values.length));
    }
    TensorData data = TensorData.of(Spectrum.of(values).data().toArray(ValueLayout.JAVA_BYTE));
    return new ExtraTensor(
        AdapterKeys.PREFIX + tensor, tensor, Kind.SAVED_MODULE, DType.F32, shape, data);
  }

  /** The same tensor with other values: float32, row-major, without gaps; lent when written. */
  public ExtraTensor withFloats(TensorData newData) {
    return new ExtraTensor(key, baseTensor, kind, DType.F32, shape, newData);
  }

  /** As an adapter's file holds it. */
  AdapterFolder.StoredTensor stored() {
    return new AdapterFolder.StoredTensor(new TensorDeclaration(key, dtype, shape), data);
  }
}
