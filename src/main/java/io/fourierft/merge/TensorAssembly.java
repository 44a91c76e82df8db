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
import io.fourierft.peft.WeightSlice;
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
 * file to file; any other is in native memory once. Used by one thread at a time.
 */
final class TensorAssembly {
  private final FourierEngine engine;
  private final Addition addition;
  private final boolean safe;
  private final TensorMemory memory;
  private final List<TensorChange> changes = new ArrayList<>();

  /**
   * Works on one engine.
   *
   * @param safe whether a changed tensor with NaN or infinity is refused
   * @param memory which this one shares with others that work at the same time
   */
  TensorAssembly(FourierEngine engine, Addition addition, boolean safe, TensorMemory memory) {
    this.engine = engine;
    this.addition = addition;
    this.safe = safe;
    this.memory = memory;
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
    if (tensor.isUntouched()) {
      copy(tensor, writer);
      return;
    }
    try (TensorMemory.Held assembled = assemble(tensor)) {
      writer.write(tensor.name(), assembled.bytes());
    }
  }

  /** Writes a tensor whose turn it is and that nothing touches. */
  static void copy(OutputTensor tensor, SafetensorsWriter writer) throws IOException {
    SafetensorsCheckpoint.Location base = requireNonNull(tensor.base());
    writer.copy(tensor.name(), base.shard().file(), base.tensor().name());
  }

  /**
   * Makes a tensor that something touches, once there is room for it; the caller closes it.
   *
   * @throws FourierException if the result is not finite and that is refused
   */
  TensorMemory.Held assemble(OutputTensor tensor) throws IOException {
    TensorMemory.Held assembled = memory.hold(tensor.declaration().sizeInBytes());
    try {
      MemorySegment bytes = assembled.bytes();
      load(tensor, bytes);
      for (OutputTensor.Part part : tensor.parts()) {
        load(tensor, part, bytes);
      }
      if (safe && tensor.deltas().isEmpty()) {
        requireFinite(tensor, bytes);
      }
      for (OutputTensor.Delta delta : tensor.deltas()) {
        add(tensor, delta, bytes);
      }
      return assembled;
    } catch (Throwable e) {
      assembled.close();
      throw e;
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
      if (base.tensor().dtype() == tensor.declaration().dtype()) {
        base.shard().file().load(base.tensor().name(), to);
        return;
      }
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

  /** Puts rows that an adapter brings over those of the base. */
  private static void load(OutputTensor tensor, OutputTensor.Part part, MemorySegment to)
      throws IOException {
    ElementType toType = tensor.declaration().dtype().elementType().orElseThrow();
    ElementType fromType = part.tensor().dtype().elementType().orElseThrow();
    WeightSlice slice = part.slice();
    long cols = part.tensor().shape().stream().skip(1).reduce(1L, Math::multiplyExact);
    long fromRow = cols * fromType.sizeInBytes();
    long toRow = cols * toType.sizeInBytes();
    part.tensor()
        .data()
        .lend(
            from -> {
              for (long row = slice.layerRow(); row < slice.layerRow() + slice.rows(); row++) {
                FormatConversion.convert(
                    from.asSlice(row * fromRow, fromRow),
                    fromType,
                    to.asSlice(slice.storedRow(row) * toRow, toRow),
                    toType,
                    cols);
              }
            });
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
    if (!tensor.parts().isEmpty() && nonFinite > 0) {
      throw new FourierException(
          ("%d of %d elements of %s are NaN or infinite in the base or in adapter %s, which brings"
                  + " some of its rows. Nothing was written")
              .formatted(nonFinite, count, tensor.name(), tensor.parts().getFirst().source()));
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
    WeightSlice slice = delta.slice();
    long rowBytes = (long) delta.storedCols() * type.sizeInBytes();
    if (slice.isRun() && slice.rows() == delta.storedRows()) {
      add(tensor, delta, bytes.asSlice(slice.firstRow() * rowBytes, slice.rows() * rowBytes), type);
      return;
    }
    // The layer's rows in their order; those that another tensor holds are zero meanwhile.
    try (Arena arena = Arena.ofShared()) {
      MemorySegment layer = arena.allocate(delta.storedRows() * rowBytes, 64);
      for (long row = slice.layerRow(); row < slice.layerRow() + slice.rows(); row++) {
        MemorySegment.copy(bytes, slice.storedRow(row) * rowBytes, layer, row * rowBytes, rowBytes);
      }
      add(tensor, delta, layer, type);
      for (long row = slice.layerRow(); row < slice.layerRow() + slice.rows(); row++) {
        MemorySegment.copy(layer, row * rowBytes, bytes, slice.storedRow(row) * rowBytes, rowBytes);
      }
    }
  }

  private void add(
      OutputTensor tensor, OutputTensor.Delta delta, MemorySegment layer, ElementType type) {
    HostMatrix weight = Matrix.of(layer, type, delta.storedRows(), delta.storedCols());
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
