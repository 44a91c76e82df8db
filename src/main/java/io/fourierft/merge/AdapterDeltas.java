package io.fourierft.merge;

import static java.util.Objects.requireNonNull;

import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The ΔWs of one adapter as the tensors of a file, in its order.
 *
 * @param declarations the tensors: {@code <module>.delta}, F32, {@code [out_features, in_features]}
 * @param adapters the arithmetic of each
 * @param notes what the user should know
 */
public record AdapterDeltas(
    List<TensorDeclaration> declarations, List<FourierAdapter> adapters, List<String> notes) {
  /** Copies the lists. */
  public AdapterDeltas {
    declarations = List.copyOf(declarations);
    adapters = List.copyOf(adapters);
    notes = List.copyOf(notes);
  }

  /** Those of an adapter that is bound to its base. */
  public static AdapterDeltas of(ResolvedAdapter resolved) {
    Map<String, FourierAdapter> byName = new HashMap<>();
    List<TensorDeclaration> declarations = new ArrayList<>();
    for (ResolvedModule module : resolved.modules()) {
      String name = module.path() + DeltaExport.SUFFIX;
      byName.put(name, module.adapter());
      declarations.add(
          new TensorDeclaration(
              name,
              DType.F32,
              List.of((long) module.adapter().rows(), (long) module.adapter().cols())));
    }
    List<TensorDeclaration> ordered = SafetensorsWriter.referenceOrder(declarations);
    List<FourierAdapter> adapters =
        ordered.stream().map(tensor -> requireNonNull(byName.get(tensor.name()))).toList();
    return new AdapterDeltas(ordered, adapters, resolved.notes());
  }

  /** Bytes of all ΔWs. */
  public long sizeInBytes() {
    return declarations.stream().mapToLong(TensorDeclaration::sizeInBytes).sum();
  }

  /** A text that is the same for adapters whose ΔWs have the same shapes and as many places. */
  public String shapes() {
    return adapters.stream()
        .collect(
            Collectors.groupingBy(
                one -> one.rows() + "x" + one.cols() + "/" + one.nFrequency(),
                TreeMap::new,
                Collectors.counting()))
        .toString();
  }

  /**
   * Computes and writes them all.
   *
   * @param memoryInBytes what may be held of them at a time; one is in any case
   * @param progress hears of each tensor
   * @throws IOException if the writer fails
   */
  public void writeTo(
      FourierEngine engine, SafetensorsWriter writer, long memoryInBytes, ProgressListener progress)
      throws IOException {
    long total = sizeInBytes();
    long done = 0;
    int from = 0;
    while (from < adapters.size()) {
      int to = from + 1;
      while (to < adapters.size()
          && DeltaBuffer.needed(adapters.subList(from, to + 1)) <= memoryInBytes) {
        to++;
      }
      List<FourierAdapter> part = adapters.subList(from, to);
      try (Arena arena = Arena.ofShared()) {
        DeltaBuffer buffer = new DeltaBuffer(arena.allocate(DeltaBuffer.needed(part), 64));
        buffer.compute(engine, part);
        for (int i = from; i < to; i++) {
          TensorDeclaration declaration = declarations.get(i);
          writer.write(declaration.name(), buffer.slice(i - from));
          done += declaration.sizeInBytes();
          progress.progressed(done, total, declaration.name());
        }
      }
      from = to;
    }
  }

  /**
   * Writes them all as they were computed in a batch.
   *
   * @param buffer the batch
   * @param first the number of their first one in it; the others follow
   * @throws IOException if the writer fails
   */
  public void writeFrom(DeltaBuffer buffer, int first, SafetensorsWriter writer)
      throws IOException {
    for (int i = 0; i < declarations.size(); i++) {
      writer.write(declarations.get(i).name(), buffer.slice(first + i));
    }
  }
}
