package io.fourierft.internal.cuda.memory;

import io.fourierft.ElementType;
import io.fourierft.ShapeException;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.internal.cuda.device.CudaContext;
import org.jspecify.annotations.Nullable;

/**
 * A matrix in the memory of one context. Does not own the memory, but keeps its owner reachable and
 * refuses once that was closed.
 */
public final class DeviceView implements CudaMatrix {
  private final CudaContext context;
  private final @Nullable MemoryOwner owner;
  private final long address;
  private final ElementType elementType;
  private final int rows;
  private final int cols;
  private final long stride;

  /**
   * Names memory.
   *
   * @param owner whose memory it is; null if that is not known
   */
  public DeviceView(
      CudaContext context,
      @Nullable MemoryOwner owner,
      long address,
      ElementType elementType,
      int rows,
      int cols,
      long stride) {
    requireSizes(rows, cols, stride, elementType);
    if (address % elementType.sizeInBytes() != 0) {
      throw new ShapeException(
          "device pointer 0x%x is not aligned to the %d bytes of %s"
              .formatted(address, elementType.sizeInBytes(), elementType));
    }
    this.context = context;
    this.owner = owner;
    this.address = address;
    this.elementType = elementType;
    this.rows = rows;
    this.cols = cols;
    this.stride = stride;
  }

  /** Bytes from the first element to the last, both included. */
  public static long requireSizes(int rows, int cols, long stride, ElementType type) {
    if (rows < 0 || cols < 1 || stride < cols) {
      throw new ShapeException(
          "a device matrix needs rows >= 0, cols >= 1 and stride >= cols, but got %d x %d, stride %d"
              .formatted(rows, cols, stride));
    }
    try {
      return rows == 0
          ? 0
          : Math.multiplyExact(
              Math.addExact(Math.multiplyExact(rows - 1L, stride), cols), type.sizeInBytes());
    } catch (ArithmeticException e) {
      throw new ShapeException(rows + " rows of stride " + stride + " exceed 2^63 bytes");
    }
  }

  public CudaContext context() {
    return context;
  }

  /** The memory that it is part of, or null if that is not known. */
  public @Nullable DeviceBlock block() {
    return owner == null ? null : owner.block();
  }

  @Override
  public String device() {
    return context.device().engineName();
  }

  @Override
  public long pointer() {
    if (owner != null) {
      owner.requireOpen();
    }
    return address;
  }

  @Override
  public ElementType elementType() {
    return elementType;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int cols() {
    return cols;
  }

  @Override
  public long stride() {
    return stride;
  }

  @Override
  public CudaMatrix slice(int first, int count) {
    if (first < 0 || count < 0 || first > rows - count) {
      throw new ShapeException(
          "rows %d to %d are not all in a matrix of %d rows"
              .formatted(first, (long) first + count - 1, rows));
    }
    return new DeviceView(
        context,
        owner,
        address + first * stride * elementType.sizeInBytes(),
        elementType,
        count,
        cols,
        stride);
  }

  @Override
  public String toString() {
    return "%s matrix of %d x %d on %s".formatted(elementType, rows, cols, device());
  }
}
