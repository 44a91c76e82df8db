package io.fourierft.safetensors;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.files.InputFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One safetensors file for reading, memory-mapped, or by ranges where its {@link TensorSource} has
 * no memory; its size is not limited, and opening it reads the header alone.
 *
 * <p>The whole header is validated before {@link #open} returns. Tensors are row-major and
 * little-endian, and start at any byte: read them with unaligned layouts, such as {@code
 * ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN)}.
 *
 * <p>Safe for any number of threads. {@link #close} may come at any time: calls of {@link #read}
 * that have begun end normally, later ones are refused, and the last to leave unmaps the file.
 */
public final class SafetensorsFile implements AutoCloseable {
  /** The virtual machine says this of a mapped page that its file no longer backs. */
  private static final String MEMORY_FAULT = "unsafe memory access";

  private final Path path;
  private final Header header;
  private final TensorBytes bytes;
  private final SharedLease lease;

  private SafetensorsFile(Path path, Header header, TensorBytes bytes) {
    this.path = path;
    this.header = header;
    this.bytes = bytes;
    this.lease = new SharedLease(bytes::close);
  }

  /**
   * Opens the file and validates its header. A file of the default file system is mapped; one of
   * another is read by ranges.
   *
   * @throws SafetensorsException if the file breaks a rule of the format, is a folder, or is a
   *     git-LFS pointer
   * @throws IOException if the file is missing or cannot be read
   */
  public static SafetensorsFile open(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw new SafetensorsException(
          path, null, "this is a folder, not a safetensors file; open it as a checkpoint");
    }
    Optional<String> fault = InputFile.fault(path);
    if (fault.isPresent()) {
      throw new SafetensorsException(path, null, "this " + fault.get());
    }
    return open(source(path));
  }

  /** The bytes of a file, mapped or by ranges. */
  static TensorSource source(Path path) throws IOException {
    return MappedSource.canMap(path) ? MappedSource.open(path) : RangedSource.open(path);
  }

  /**
   * Opens a file wherever its bytes are, and validates its header.
   *
   * @param source owned by the result, and closed with it, or if this fails
   * @throws SafetensorsException if the file breaks a rule of the format
   * @throws IOException if the source cannot be read
   */
  public static SafetensorsFile open(TensorSource source) throws IOException {
    try {
      Header header = Header.read(source, source.length());
      return new SafetensorsFile(source.path(), header, TensorBytes.of(source, header));
    } catch (Throwable e) {
      try {
        source.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /** The file, as it was given. */
  public Path path() {
    return path;
  }

  /** The header's free text, in its order; unmodifiable. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /** The tensors by name, in the order of their data; unmodifiable. */
  public Map<String, TensorInfo> tensors() {
    return header.tensors();
  }

  /** The tensor of that name, if the file has it. */
  public Optional<TensorInfo> find(String name) {
    return Optional.ofNullable(header.tensors().get(name));
  }

  /**
   * The tensor of that name.
   *
   * @throws SafetensorsException if the file has none
   */
  public TensorInfo tensor(String name) {
    TensorInfo tensor = header.tensors().get(name);
    if (tensor == null) {
      throw new SafetensorsException(path, name, "the file has no such tensor");
    }
    return tensor;
  }

  /** Length of all tensors together in bytes. */
  public long dataSizeInBytes() {
    return header.dataLength();
  }

  /**
   * The tensor's bytes: a read-only slice of the mapping, which lives until this file is closed.
   * Access beyond that throws {@link IllegalStateException}, and access to a part that another
   * process has since cut off throws {@link InternalError}: prefer {@link #read}, which explains
   * both.
   *
   * <p>Of a file that is read by ranges it is a copy, made anew by each call, which takes memory
   * until the file is closed.
   *
   * @throws SafetensorsException if the file has no such tensor, is closed, or cannot be read
   */
  public MemorySegment data(String name) {
    TensorInfo tensor = tensor(name);
    if (!lease.acquire()) {
      throw closed(name);
    }
    try {
      return bytes.of(tensor);
    } finally {
      lease.release();
    }
  }

  /**
   * The tensor as a matrix over {@link #data}, no copy: {@code [rows, cols]} if it has two
   * dimensions, {@code [1, n]} if it has one. Read-only, and readable until this file is closed.
   *
   * @throws SafetensorsException if the file has no such tensor or is closed, if the tensor has
   *     another number of dimensions or one beyond 2^31 - 1, or is not F64, F32, F16 or BF16
   */
  public HostMatrix matrix(String name) {
    TensorInfo tensor = tensor(name);
    List<Long> shape = tensor.shape();
    Optional<ElementType> type = tensor.dtype().elementType();
    if (type.isEmpty()) {
      throw new SafetensorsException(
          path, name, "it is " + tensor.dtype() + "; a matrix holds F64, F32, F16 or BF16");
    }
    if (shape.isEmpty()
        || shape.size() > 2
        || shape.getLast() < 1
        || shape.stream().anyMatch(length -> length > Integer.MAX_VALUE)) {
      throw new SafetensorsException(
          path,
          name,
          "its shape is %s; a matrix has one or two dimensions below 2^31, the last not 0"
              .formatted(TensorShape.brief(shape)));
    }
    int rows = shape.size() == 1 ? 1 : Math.toIntExact(shape.getFirst());
    return Matrix.of(data(name), type.get(), rows, Math.toIntExact(shape.getLast()));
  }

  /**
   * Gives the tensor's bytes to {@code reading} and returns its result. The segment is read-only
   * and must not leave {@code reading}. The file's length is checked before and after, since bytes
   * of a mapping beyond the end of its file may read as zeros.
   *
   * @throws SafetensorsException if the file has no such tensor, is closed, or was truncated while
   *     it was mapped
   * @throws X what {@code reading} throws
   */
  public <T extends @Nullable Object, X extends Exception> T read(
      String name, Reading<T, X> reading) throws X {
    TensorInfo tensor = tensor(name);
    if (!lease.acquire()) {
      throw closed(name);
    }
    try {
      bytes.requireWhole(name, null);
      if (!bytes.isMapped()) {
        try (Arena copied = Arena.ofShared()) {
          return reading.read(bytes.load(tensor, copied));
        }
      }
      T result;
      try {
        result = reading.read(bytes.of(tensor));
      } catch (InternalError e) {
        bytes.requireWhole(name, e);
        if (!String.valueOf(e.getMessage()).contains(MEMORY_FAULT)) {
          throw e;
        }
        throw new SafetensorsException(path, name, "the mapped data cannot be read", e);
      } catch (Exception e) {
        // A system call that was given the mapping fails with an exception of its own.
        bytes.requireWhole(name, e);
        throw e;
      }
      bytes.requireWhole(name, null);
      return result;
    } finally {
      lease.release();
    }
  }

  /**
   * Copies bytes of the tensor, as many as {@code destination} holds.
   *
   * @param offset the first byte, counted from the start of the tensor
   * @throws SafetensorsException as {@link #read}
   * @throws IndexOutOfBoundsException if the tensor does not have that range
   */
  public void copy(String name, long offset, MemorySegment destination) {
    if (!bytes.isMapped()) {
      TensorInfo tensor = tensor(name);
      Objects.checkFromIndexSize(offset, destination.byteSize(), tensor.sizeInBytes());
      if (!lease.acquire()) {
        throw closed(name);
      }
      try {
        bytes.fill(tensor, offset, destination);
      } finally {
        lease.release();
      }
      return;
    }
    this.<@Nullable Void, RuntimeException>read(
        name,
        source -> {
          MemorySegment.copy(source, offset, destination, 0, destination.byteSize());
          return null;
        });
  }

  /**
   * Reads the whole tensor. The system copies it from its own memory or the device, in order; going
   * through the mapping costs it a fault every few pages. Interrupting the thread meanwhile closes
   * the file.
   *
   * @param destination as long as the tensor
   * @throws SafetensorsException as {@link #read}
   */
  public void load(String name, MemorySegment destination) {
    TensorInfo tensor = tensor(name);
    if (destination.byteSize() != tensor.sizeInBytes()) {
      throw new IndexOutOfBoundsException(
          "%d bytes cannot hold tensor %s of %d"
              .formatted(destination.byteSize(), name, tensor.sizeInBytes()));
    }
    if (!lease.acquire()) {
      throw closed(name);
    }
    try {
      bytes.fill(tensor, 0, destination);
    } finally {
      lease.release();
    }
  }

  /**
   * Moves the tensor's bytes to {@code target}.
   *
   * @return how many were moved
   */
  long transfer(TensorInfo tensor, WritableByteChannel target) throws IOException {
    if (!lease.acquire()) {
      throw closed(tensor.name());
    }
    try {
      return bytes.transfer(tensor, target);
    } finally {
      lease.release();
    }
  }

  private SafetensorsException closed(String name) {
    return new SafetensorsException(path, name, "the file is closed");
  }

  /**
   * Unmaps the file, once the calls of {@link #read} that have begun are done. Closing again does
   * nothing.
   *
   * @throws IOException if the system cannot close the file
   */
  @Override
  public void close() throws IOException {
    lease.close();
  }

  /**
   * What {@link #read} does with a tensor's bytes.
   *
   * @param <T> its result
   * @param <X> what it may throw
   */
  @FunctionalInterface
  public interface Reading<T extends @Nullable Object, X extends Exception> {
    /** Reads {@code data}, the tensor's bytes, read-only, of any alignment. */
    T read(MemorySegment data) throws X;
  }
}
