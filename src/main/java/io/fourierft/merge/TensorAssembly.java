package io.fourierft.merge;

import io.fourierft.AdditionReport;
import io.fourierft.ElementType;
import io.fourierft.FourierEngine;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.host.FormatConversion;
import io.fourierft.safetensors.SafetensorsFile;
import io.fourierft.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Makes the bytes of one output tensor after the other. A tensor that nothing touches goes from
 * file to file; any other is in native memory once, alone.
 */
final class TensorAssembly {
  private final FourierEngine engine;
  private final Addition addition;
  private final boolean safe;
  private final List<TensorChange> changes = new ArrayList<>();

  /**
   * Works on one engine.
   *
   * @param safe whether a changed tensor with NaN or infinity is refused
   */
  TensorAssembly(FourierEngine engine, Addition addition, boolean safe) {
    this.engine = engine;
    this.addition = addition;
    this.safe = safe;
  }

  /** What every addition so far did. */
  List<TensorChange> changes() {
    return changes;
  }

  /**
   * Writes a tensor whose turn it is.
   *
   * @throws FourierException if the result is not finite and that is refused
   */
  void write(OutputTensor tensor, SafetensorsWriter writer) throws IOException {
    SafetensorsFile source = tensor.base().shard().file();
    if (tensor.isUntouched()) {
      writer.copy(tensor.name(), source);
      return;
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment bytes = arena.allocate(Math.max(1, tensor.declaration().sizeInBytes()), 64);
      bytes = bytes.asSlice(0, tensor.declaration().sizeInBytes());
      load(tensor, source, bytes);
      if (safe && tensor.deltas().isEmpty()) {
        requireFinite(tensor, source, bytes);
      }
      for (OutputTensor.Delta delta : tensor.deltas()) {
        add(tensor, delta, bytes);
      }
      writer.write(tensor.name(), bytes);
    }
  }

  private static void load(OutputTensor tensor, SafetensorsFile source, MemorySegment to)
      throws IOException {
    OutputTensor.Replacement replacement = tensor.replacement();
    if (replacement != null && replacement.tensor().dtype() == tensor.declaration().dtype()) {
      replacement.tensor().data().lend(to::copyFrom);
      return;
    }
    ElementType toType = OutputTensor.elementType(tensor.declaration().dtype()).orElseThrow();
    long count = tensor.declaration().elementCount();
    if (replacement != null) {
      ElementType fromType = OutputTensor.elementType(replacement.tensor().dtype()).orElseThrow();
      replacement
          .tensor()
          .data()
          .lend(from -> FormatConversion.convert(from, fromType, to, toType, count));
    } else {
      ElementType fromType = OutputTensor.elementType(tensor.base().tensor().dtype()).orElseThrow();
      source.<Boolean, RuntimeException>read(
          tensor.name(),
          from -> {
            FormatConversion.convert(from, fromType, to, toType, count);
            return true;
          });
    }
  }

  /** Refuses NaN and infinity that an adapter brings, or that converting the base has made. */
  private static void requireFinite(
      OutputTensor tensor, SafetensorsFile source, MemorySegment bytes) throws IOException {
    Optional<ElementType> type = OutputTensor.elementType(tensor.declaration().dtype());
    if (type.isEmpty()) {
      return;
    }
    long count = tensor.declaration().elementCount();
    long nonFinite = FormatConversion.nonFinite(bytes, type.get(), count);
    OutputTensor.Replacement replacement = tensor.replacement();
    if (replacement != null && nonFinite > 0) {
      throw new FourierException(
          ("%d of %d elements of %s are NaN or infinite in adapter %s, which brings it whole."
                  + " Nothing was written")
              .formatted(nonFinite, count, tensor.name(), replacement.source()));
    }
    if (replacement == null && nonFinite > 0) {
      ElementType fromType = OutputTensor.elementType(tensor.base().tensor().dtype()).orElseThrow();
      long before =
          source.<Long, RuntimeException>read(
              tensor.name(), from -> FormatConversion.nonFinite(from, fromType, count));
      if (nonFinite > before) {
        throw new FourierException(
            ("%d of %d elements of %s are too large for %s and would become infinite; choose"
                    + " another --dtype. Nothing was written")
                .formatted(nonFinite - before, count, tensor.name(), type.get()));
      }
    }
  }

  private void add(OutputTensor tensor, OutputTensor.Delta delta, MemorySegment bytes) {
    ElementType type = OutputTensor.elementType(tensor.declaration().dtype()).orElseThrow();
    int rows = Math.toIntExact(tensor.declaration().shape().get(0));
    int cols = Math.toIntExact(tensor.declaration().shape().get(1));
    HostMatrix weight = Matrix.of(bytes, type, rows, cols);
    AdditionReport report =
        engine.addDeltaReporting(delta.adapter(), weight, delta.layout(), addition);
    changes.add(new TensorChange(tensor.name(), delta.source(), report));
    if (safe && report.nonFinite() > 0) {
      throw new FourierException(
          ("%d of %d elements of %s are NaN or infinite after adapter %s; the adapter or the base"
                  + " seems to be broken. Nothing was written")
              .formatted(report.nonFinite(), report.elements(), tensor.name(), delta.source()));
    }
  }
}
