package io.fourierft.merge;

import static java.util.Objects.requireNonNull;

import io.fourierft.AdditionReport;
import io.fourierft.ElementType;
import io.fourierft.FourierEngine;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.host.FormatConversion;
import io.fourierft.safetensors.SafetensorsCheckpoint;
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
    SafetensorsCheckpoint.Location base = tensor.base();
    if (base != null && tensor.isUntouched()) {
      writer.copy(tensor.name(), base.shard().file(), base.tensor().name());
      return;
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment bytes = arena.allocate(Math.max(1, tensor.declaration().sizeInBytes()), 64);
      bytes = bytes.asSlice(0, tensor.declaration().sizeInBytes());
      load(tensor, bytes);
      if (safe && tensor.deltas().isEmpty()) {
        requireFinite(tensor, bytes);
      }
      for (OutputTensor.Delta delta : tensor.deltas()) {
        add(tensor, delta, bytes);
      }
      writer.write(tensor.name(), bytes);
    }
  }

  private static void load(OutputTensor tensor, MemorySegment to) throws IOException {
    OutputTensor.Replacement replacement = tensor.replacement();
    if (replacement != null && replacement.tensor().dtype() == tensor.declaration().dtype()) {
      replacement.tensor().data().lend(to::copyFrom);
      return;
    }
    ElementType toType = tensor.declaration().dtype().elementType().orElseThrow();
    long count = tensor.declaration().elementCount();
    if (replacement != null) {
      ElementType fromType = replacement.tensor().dtype().elementType().orElseThrow();
      replacement
          .tensor()
          .data()
          .lend(from -> FormatConversion.convert(from, fromType, to, toType, count));
    } else {
      SafetensorsCheckpoint.Location base = requireNonNull(tensor.base());
      ElementType fromType = base.tensor().dtype().elementType().orElseThrow();
      base.shard()
          .file()
          .<Boolean, RuntimeException>read(
              base.tensor().name(),
              from -> {
                FormatConversion.convert(from, fromType, to, toType, count);
                return true;
              });
    }
  }

  /** Refuses NaN and infinity that an adapter brings, or that converting the base has made. */
  private static void requireFinite(OutputTensor tensor, MemorySegment bytes) throws IOException {
    Optional<ElementType> type = tensor.declaration().dtype().elementType();
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
      SafetensorsCheckpoint.Location base = requireNonNull(tensor.base());
      ElementType fromType = base.tensor().dtype().elementType().orElseThrow();
      long before =
          base.shard()
              .file()
              .<Long, RuntimeException>read(
                  base.tensor().name(), from -> FormatConversion.nonFinite(from, fromType, count));
      if (nonFinite > before) {
        throw new FourierException(
            ("%d of %d elements of %s are too large for %s and would become infinite; choose"
                    + " another MergeOptions.dtype. Nothing was written")
                .formatted(nonFinite - before, count, tensor.name(), type.get()));
      }
    }
  }

  private void add(OutputTensor tensor, OutputTensor.Delta delta, MemorySegment bytes) {
    ElementType type = tensor.declaration().dtype().elementType().orElseThrow();
    int rows = delta.storedRows();
    int cols = delta.storedCols();
    long rowBytes = (long) cols * type.sizeInBytes();
    HostMatrix weight =
        Matrix.of(bytes.asSlice(delta.firstRow() * rowBytes, rows * rowBytes), type, rows, cols);
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
