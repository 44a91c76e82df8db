package io.fourierft.peft;

import io.fourierft.internal.files.FolderKind;
import io.fourierft.internal.files.OutputDirectory;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes an adapter's directory, of any of PEFT's methods: whole or not at all. */
final class AdapterFolder {
  private static final System.Logger LOG = System.getLogger(AdapterFolder.class.getName());
  private static final Map<String, String> METADATA = Map.of("format", "pt");

  private static final FolderKind ADAPTER =
      new FolderKind(
          "an adapter",
          FourierFtConfig.FILE_NAME,
          Set.of(FourierFtConfig.FILE_NAME, PeftAdapter.FILE_NAME, "adapter_model.bin"));

  private AdapterFolder() {}

  /** A tensor of the file. */
  record StoredTensor(TensorDeclaration declaration, TensorData data) {}

  /** Refuses a directory that may not be written, without touching the disk. */
  static void requireFree(Path directory, boolean overwrite) throws IOException {
    OutputDirectory.requireFree(directory, overwrite, ADAPTER);
  }

  /**
   * Writes both files beside the directory and gives them its name.
   *
   * @param config the text of {@code adapter_config.json}
   */
  static void write(Path directory, boolean overwrite, String config, List<StoredTensor> tensors)
      throws IOException {
    try (OutputDirectory output = OutputDirectory.create(directory, overwrite, ADAPTER)) {
      writeConfig(config, output.path().resolve(FourierFtConfig.FILE_NAME));
      writeTensors(tensors, output.path().resolve(PeftAdapter.FILE_NAME));
      output.commit();
      output.notes().forEach(note -> LOG.log(System.Logger.Level.WARNING, note));
    }
  }

  private static void writeConfig(String config, Path file) throws IOException {
    Files.writeString(file, config, StandardCharsets.UTF_8);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private static void writeTensors(List<StoredTensor> tensors, Path file) throws IOException {
    Map<String, TensorData> data = new HashMap<>();
    tensors.forEach(tensor -> data.put(tensor.declaration().name(), tensor.data()));
    List<TensorDeclaration> ordered =
        SafetensorsWriter.referenceOrder(tensors.stream().map(StoredTensor::declaration).toList());
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
