package io.fourierft.merge;

import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.internal.files.InputFile;
import io.fourierft.internal.files.OutputFile;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes the ΔW of every layer of an adapter: tensors {@code <module>.delta}, F32, {@code
 * [out_features, in_features]}, whatever the layout of the base's weight.
 */
public final class DeltaExport {
  /** What follows the module's name in a tensor's name. */
  public static final String SUFFIX = ".delta";

  private static final Map<String, String> METADATA = Map.of("format", "pt");
  private static final long MEMORY_BYTES = 64L << 20;

  private DeltaExport() {}

  /**
   * Computes and writes.
   *
   * @param engine computes; the caller keeps it
   * @param base a model folder or file, read for its names and shapes alone
   * @param adapter folder as PEFT saves it
   * @param output the file to write; appears when it is whole
   * @param overwrite whether a file of that name may be replaced
   * @throws FourierException if the adapter does not fit the base, or the file is there
   * @throws IOException if reading or writing fails; nothing is left behind then
   */
  public static DeltaResult write(
      FourierEngine engine,
      Path base,
      Path adapter,
      Path output,
      boolean overwrite,
      ResolveOptions options,
      ProgressListener progress)
      throws IOException {
    OutputFile.requireFree(output, overwrite);
    try (OpenBase opened = OpenBase.open(base)) {
      requireApart(opened, adapter, output);
      ResolvedAdapter resolved = opened.bind(adapter, options);
      AdapterDeltas deltas = AdapterDeltas.of(resolved);
      try (OutputFile file = OutputFile.create(output, overwrite)) {
        try (SafetensorsWriter writer = writer(file.path(), deltas)) {
          deltas.writeTo(engine, writer, MEMORY_BYTES, progress);
          writer.commit();
        }
        opened.requireUnchanged();
        file.commit();
      }
      return new DeltaResult(
          output,
          resolved.modules().stream().map(module -> module.path() + SUFFIX).toList(),
          deltas.sizeInBytes(),
          resolved.notes());
    }
  }

  /** Starts the same file, for whoever computes the ΔWs: with many others, say. */
  public static SafetensorsWriter writer(Path output, AdapterDeltas deltas) throws IOException {
    return SafetensorsWriter.create(output, METADATA, deltas.declarations());
  }

  /**
   * The same to a channel, as of another machine.
   *
   * @param output the file to be, for messages
   * @param channel takes the bytes; stays open
   */
  public static SafetensorsWriter writer(
      Path output, WritableByteChannel channel, AdapterDeltas deltas) throws IOException {
    return SafetensorsWriter.create(output, channel, METADATA, deltas.declarations());
  }

  /** The output may not replace a file that the deltas come from. */
  private static void requireApart(OpenBase base, Path adapter, Path output) throws IOException {
    if (!InputFile.isThere(output)) {
      return;
    }
    List<Path> sources = new ArrayList<>(base.files());
    sources.add(adapter.resolve(PeftAdapter.FILE_NAME));
    sources.add(adapter.resolve(FourierFtConfig.FILE_NAME));
    for (Path source : sources) {
      if (InputFile.isThere(source) && Files.isSameFile(source, output)) {
        throw new FourierException(
            "the output %s is read as %s; give the name of another file".formatted(output, source));
      }
    }
  }

  /**
   * What was written.
   *
   * @param output the file
   * @param tensors the names of its tensors
   * @param sizeInBytes bytes of all of them
   * @param notes what the user should know
   */
  public record DeltaResult(
      Path output, List<String> tensors, long sizeInBytes, List<String> notes) {
    /** Copies the lists. */
    public DeltaResult {
      tensors = List.copyOf(tensors);
      notes = List.copyOf(notes);
    }
  }
}
