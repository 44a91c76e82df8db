package io.fourierft.peft;

import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.TensorDeclaration;
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

  /** As an adapter's file holds it. */
  AdapterFolder.StoredTensor stored() {
    return new AdapterFolder.StoredTensor(new TensorDeclaration(key, dtype, shape), data);
  }
}
