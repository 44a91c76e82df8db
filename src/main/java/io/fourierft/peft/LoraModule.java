package io.fourierft.peft;

import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.TensorDeclaration;
import java.util.List;

/**
 * One module of a LoRA adapter: {@code ΔW = B·A}. The factors are asked for when they are written,
 * one after the other.
 *
 * @param path the module's dotted path in the model that PEFT adapts
 * @param rows out_features, the rows of B
 * @param cols in_features, the columns of A
 * @param rank rows of A and columns of B
 * @param loraA A, float32, {@code [rank, cols]}
 * @param loraB B, float32, {@code [rows, rank]}
 */
public record LoraModule(
    String path, int rows, int cols, int rank, TensorData loraA, TensorData loraB) {
  private static final String KEY_A = ".lora_A.weight";
  private static final String KEY_B = ".lora_B.weight";

  /** Bytes of both factors. */
  public long sizeInBytes() {
    return (long) Float.BYTES * rank * ((long) rows + cols);
  }

  /** As an adapter's file holds them. */
  List<AdapterFolder.StoredTensor> stored() {
    return List.of(tensor(KEY_A, rank, cols, loraA), tensor(KEY_B, rows, rank, loraB));
  }

  private AdapterFolder.StoredTensor tensor(String key, long outer, long inner, TensorData data) {
    return new AdapterFolder.StoredTensor(
        new TensorDeclaration(AdapterKeys.PREFIX + path + key, DType.F32, List.of(outer, inner)),
        data);
  }
}
