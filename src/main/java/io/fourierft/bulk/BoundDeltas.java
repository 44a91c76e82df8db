package io.fourierft.bulk;

import static java.util.Objects.requireNonNull;

import io.fourierft.FourierAdapter;
import io.fourierft.merge.DeltaExport;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The ΔWs of one adapter, in the order of its file.
 *
 * @param declarations the file's tensors
 * @param adapters the arithmetic of each
 * @param notes what the user should know
 */
record BoundDeltas(
    List<TensorDeclaration> declarations, List<FourierAdapter> adapters, List<String> notes) {
  static BoundDeltas of(ResolvedAdapter resolved) {
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
    return new BoundDeltas(ordered, adapters, resolved.notes());
  }

  PlannedOutput.Size size() {
    return new PlannedOutput.Size(
        declarations.size(),
        declarations.stream().mapToLong(TensorDeclaration::sizeInBytes).sum(),
        adapters.stream()
            .map(adapter -> adapter.rows() + "x" + adapter.cols() + "/" + adapter.nFrequency())
            .collect(Collectors.joining(" ")),
        notes);
  }
}
