package io.fourierft.peft;

import io.fourierft.internal.files.FolderKind;
import io.fourierft.internal.files.OutputDirectory;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

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
  private static final System.Logger LOG = System.getLogger(PeftAdapterWriter.class.getName());
  private static final Map<String, String> METADATA = Map.of("format", "pt");

  private static final FolderKind ADAPTER =
      new FolderKind(
          "an adapter",
          FourierFtConfig.FILE_NAME,
          Set.of(FourierFtConfig.FILE_NAME, PeftAdapter.FILE_NAME, "adapter_model.bin"));

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
    try (OutputDirectory output = OutputDirectory.create(directory, overwrite, ADAPTER)) {
      writeConfig(config, output.path().resolve(FourierFtConfig.FILE_NAME));
      writeTensors(adapter, output.path().resolve(PeftAdapter.FILE_NAME));
      output.commit();
      output.notes().forEach(note -> LOG.log(System.Logger.Level.WARNING, note));
    }
  }

  private static void writeConfig(FourierFtConfig config, Path file) throws IOException {
    Files.writeString(file, config.toJson(), StandardCharsets.UTF_8);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private static void writeTensors(PeftAdapter adapter, Path file) throws IOException {
    Map<String, TensorData> data = new HashMap<>();
    List<TensorDeclaration> tensors = new ArrayList<>();
    for (AdapterModule module : adapter.modules().values()) {
      Spectrum spectrum = module.spectrum();
      tensors.add(
          new TensorDeclaration(
              module.key(), spectrum.dtype(), List.of((long) spectrum.nFrequency())));
      MemorySegment bytes = spectrum.data();
      data.put(module.key(), use -> use.accept(bytes));
    }
    for (ExtraTensor extra : adapter.extraTensors()) {
      tensors.add(new TensorDeclaration(extra.key(), extra.dtype(), extra.shape()));
      data.put(extra.key(), extra.data());
    }
    List<TensorDeclaration> ordered = SafetensorsWriter.referenceOrder(tensors);
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, METADATA, ordered)) {
      for (TensorDeclaration tensor : ordered) {
        TensorData source = data.get(tensor.name());
        if (source != null && tensor.sizeInBytes() > 0) {
          source.lend(bytes -> writer.write(tensor.name(), bytes));
        }
      }
      writer.commit();
    }
  }
}
