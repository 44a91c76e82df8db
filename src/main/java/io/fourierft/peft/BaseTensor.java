package io.fourierft.peft;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.SafetensorsFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A tensor of a base model by the name that a model of today has for it: mostly one whole tensor of
 * its files, else rows of one, or of several.
 *
 * @param name the name in the model
 * @param dtype type of the elements
 * @param shape the dimensions, outermost first
 * @param slices where its rows are
 */
public record BaseTensor(String name, DType dtype, List<Long> shape, List<WeightSlice> slices) {
  /** Copies the lists. */
  public BaseTensor {
    shape = List.copyOf(shape);
    slices = List.copyOf(slices);
  }

  static BaseTensor of(String name, BasePlace place) {
    return new BaseTensor(
        name, place.module().weight().dtype(), place.module().weight().shape(), place.slices());
  }

  /** The same where its slices are by names that only stand for stored ones. */
  BaseTensor storedBy(Map<String, String> aliases) {
    List<WeightSlice> stored = new ArrayList<>();
    for (WeightSlice slice : slices) {
      String weight = aliases.getOrDefault(slice.weight(), slice.weight());
      stored.add(
          new WeightSlice(
              weight,
              slice.layerRow(),
              slice.firstRow(),
              slice.rows(),
              slice.stride(),
              slice.rotaryHeads()));
    }
    return new BaseTensor(name, dtype, shape, stored);
  }

  /**
   * The tensor as a matrix {@code [first dimension, all others]}, or {@code [1, n]} if it has one.
   * Where its rows lie together in one file it is a view of that, without a copy and read-only,
   * which lives as long as the checkpoint is open; else memory of its own.
   *
   * @throws PeftException if its type is no floating point, or it is too large for a matrix
   */
  public HostMatrix matrix(SafetensorsCheckpoint checkpoint) {
    Optional<ElementType> type = dtype.elementType();
    if (type.isEmpty()) {
      throw new PeftException(
          "tensor '%s' of the base model is %s; a matrix holds F64, F32, F16 or BF16"
              .formatted(name, dtype));
    }
    boolean isVector = shape.size() < 2;
    long rows = isVector ? 1 : shape.getFirst();
    long cols = shape.stream().skip(isVector ? 0 : 1).reduce(1L, Math::multiplyExact);
    if (cols < 1 || cols > Integer.MAX_VALUE || rows > Integer.MAX_VALUE) {
      throw new PeftException(
          "tensor '%s' of the base model has shape %s; a matrix has fewer than 2^31 rows and columns"
              .formatted(name, shape));
    }
    return Matrix.of(bytes(checkpoint), type.get(), Math.toIntExact(rows), Math.toIntExact(cols));
  }

  /** Lends the bytes of the tensor out of a checkpoint, which must be open then. */
  TensorData data(SafetensorsCheckpoint checkpoint) {
    return use -> use.accept(bytes(checkpoint));
  }

  private MemorySegment bytes(SafetensorsCheckpoint checkpoint) {
    // Of a vector each element is a row to a slice.
    long rowBytes = shape.stream().skip(1).reduce((long) dtype.bits() / 8, Math::multiplyExact);
    if (slices.size() == 1 && slices.getFirst().isRun()) {
      WeightSlice slice = slices.getFirst();
      MemorySegment whole = file(checkpoint, slice).data(slice.weight());
      return whole.asSlice(slice.firstRow() * rowBytes, slice.rows() * rowBytes);
    }
    long rows = slices.stream().mapToLong(WeightSlice::rows).sum();
    MemorySegment gathered = Arena.ofAuto().allocate(rows * rowBytes, 64);
    for (WeightSlice slice : slices) {
      file(checkpoint, slice)
          .<@Nullable Void, RuntimeException>read(
              slice.weight(),
              from -> {
                for (long row = slice.layerRow(); row < slice.layerRow() + slice.rows(); row++) {
                  MemorySegment.copy(
                      from, slice.storedRow(row) * rowBytes, gathered, row * rowBytes, rowBytes);
                }
                return null;
              });
    }
    return gathered.asReadOnly();
  }

  private static SafetensorsFile file(SafetensorsCheckpoint checkpoint, WeightSlice slice) {
    return checkpoint
        .find(slice.weight())
        .orElseThrow(
            () ->
                new PeftException(
                    "%s has no tensor '%s'".formatted(checkpoint.path(), slice.weight())))
        .shard()
        .file();
  }
}
