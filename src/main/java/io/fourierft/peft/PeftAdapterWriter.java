package io.fourierft.peft;

import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes adapters as PEFT does: a directory with {@code adapter_config.json} and {@code
 * adapter_model.safetensors}, which PEFT loads. Spectra keep the type and the bits they were read
 * with.
 *
 * <p>A directory appears whole or not at all: both files are written to a folder beside it, which
 * is then renamed; on Linux an older one is exchanged for it in one step. Of several writers of one
 * directory, the last one's files stand.
 */
public final class PeftAdapterWriter {
  private PeftAdapterWriter() {}

  /**
   * Writes an adapter.
   *
   * <p>If an {@code n_frequency_pattern} does not give every spectrum's length once its keys are
   * sorted, as they are in the file, it is replaced by one of whole module paths.
   *
   * @param directory where; folders above it are made
   * @param overwrite whether an adapter that is there already is replaced; its directory's other
   *     files (a README, a tokenizer) stay
   * @throws io.fourierft.FourierException if the directory is not empty and {@code overwrite} is
   *     false or it holds no adapter, or if no configuration describes the adapter; nothing is
   *     changed then
   * @throws IOException if writing fails; the directory is as it was
   */
  public static void write(PeftAdapter adapter, Path directory, boolean overwrite)
      throws IOException {
    FourierFtConfig config = SavedPattern.fit(adapter.config(), adapter.modules().values());
    List<AdapterFolder.StoredTensor> tensors = new ArrayList<>();
    for (AdapterModule module : adapter.modules().values()) {
      Spectrum spectrum = module.spectrum();
      MemorySegment bytes = spectrum.data();
      tensors.add(
          new AdapterFolder.StoredTensor(
              new TensorDeclaration(
                  module.key(), spectrum.dtype(), List.of((long) spectrum.nFrequency())),
              use -> use.accept(bytes)));
    }
    adapter.extraTensors().forEach(extra -> tensors.add(extra.stored()));
    AdapterFolder.write(directory, overwrite, config.toJson(), tensors);
  }
}
