package io.fourierft.lora;

import java.nio.file.Path;
import java.util.List;

/**
 * What was written.
 *
 * @param output the folder
 * @param rank the highest rank of a module
 * @param modules what each module's LoRA has of its ΔW, in order
 * @param sizeInBytes bytes of the factors
 * @param notes what the user should know
 */
public record LoraResult(
    Path output, int rank, List<ModuleReport> modules, long sizeInBytes, List<String> notes) {
  /** Copies the lists. */
  public LoraResult {
    modules = List.copyOf(modules);
    notes = List.copyOf(notes);
  }
}
