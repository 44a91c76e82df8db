package io.fourierft.peft;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes LoRA adapters as PEFT does: a directory with {@code adapter_config.json} and {@code
 * adapter_model.safetensors}, which appears whole or not at all, as {@link PeftAdapterWriter}'s.
 */
public final class LoraAdapterWriter {
  private LoraAdapterWriter() {}

  /**
   * Refuses a directory that cannot be written, without touching the disk.
   *
   * @throws io.fourierft.FourierException if it is not empty and {@code overwrite} is false or it
   *     holds no adapter
   * @throws IOException if it cannot be looked at
   */
  public static void requireFree(Path directory, boolean overwrite) throws IOException {
    AdapterFolder.requireFree(directory, overwrite);
  }

  /**
   * Writes an adapter.
   *
   * @param modules the adapted modules; the configuration has a rank for each
   * @param extraTensors modules saved whole, biases and embeddings, under their keys
   * @param directory where; folders above it are made
   * @param overwrite whether an adapter that is there already is replaced; its directory's other
   *     files (a README, a tokenizer) stay
   * @throws PeftException if the modules and the configuration's ranks differ
   * @throws io.fourierft.FourierException if the directory is not empty and {@code overwrite} is
   *     false or it holds no adapter; nothing is changed then
   * @throws IOException if writing fails; the directory is as it was
   */
  public static void write(
      LoraConfig config,
      List<LoraModule> modules,
      List<ExtraTensor> extraTensors,
      Path directory,
      boolean overwrite)
      throws IOException {
    List<AdapterFolder.StoredTensor> tensors = new ArrayList<>();
    for (LoraModule module : modules) {
      Integer rank = config.ranks().get(module.path());
      if (rank == null || rank != module.rank() || modules.size() != config.ranks().size()) {
        throw new PeftException(
            "module '%s' has rank %d, in the configuration %s; give each module's own rank"
                .formatted(module.path(), module.rank(), rank));
      }
      tensors.addAll(module.stored());
    }
    extraTensors.forEach(extra -> tensors.add(extra.stored()));
    AdapterFolder.write(directory, overwrite, config.toJson(), tensors);
  }
}
