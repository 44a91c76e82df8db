package io.fourierft.merge;

import static java.util.Objects.requireNonNull;

import io.fourierft.ElementType;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.files.InputFile;
import io.fourierft.internal.files.OutputFile;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes the ΔW of every layer of an adapter: tensors {@code <module>.delta}, F32, {@code
 * [out_features, in_features]}, whatever the layout of the base's weight.
 */
public final class DeltaExport {
  /** What follows the module's name in a tensor's name. */
  public static final String SUFFIX = ".delta";

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
      Map<String, ResolvedModule> modules = new LinkedHashMap<>();
      List<TensorDeclaration> declarations = new ArrayList<>();
      for (ResolvedModule module : resolved.modules()) {
        String name = module.path() + SUFFIX;
        modules.put(name, module);
        declarations.add(
            new TensorDeclaration(
                name,
                DType.F32,
                List.of((long) module.adapter().rows(), (long) module.adapter().cols())));
      }
      List<TensorDeclaration> ordered = SafetensorsWriter.referenceOrder(declarations);
      long total = ordered.stream().mapToLong(TensorDeclaration::sizeInBytes).sum();
      long done = 0;
      try (OutputFile file = OutputFile.create(output, overwrite)) {
        try (SafetensorsWriter writer =
            SafetensorsWriter.create(file.path(), Map.of("format", "pt"), ordered)) {
          for (TensorDeclaration declaration : ordered) {
            writeDelta(
                engine, requireNonNull(modules.get(declaration.name())), declaration, writer);
            done += declaration.sizeInBytes();
            progress.progressed(done, total, declaration.name());
          }
          writer.commit();
        }
        opened.requireUnchanged();
        file.commit();
      }
      return new DeltaResult(output, List.copyOf(modules.keySet()), total, resolved.notes());
    }
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

  private static void writeDelta(
      FourierEngine engine,
      ResolvedModule module,
      TensorDeclaration declaration,
      SafetensorsWriter writer)
      throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment bytes = arena.allocate(declaration.sizeInBytes(), 64);
      HostMatrix delta =
          Matrix.of(bytes, ElementType.F32, module.adapter().rows(), module.adapter().cols());
      engine.deltaWeights(List.of(module.adapter()), List.of(delta));
      writer.write(declaration.name(), bytes);
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
