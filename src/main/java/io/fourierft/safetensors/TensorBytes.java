package io.fourierft.safetensors;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one file's tensors: mapped where its {@link TensorSource} can, else read by ranges.
 * Whoever uses them holds a lease of the file's.
 */
final class TensorBytes implements AutoCloseable {
  /** Bytes that are read by ranges are passed on in pieces of this. */
  private static final int PIECE_BYTES = 1 << 20;

  private final Path path;
  private final TensorSource source;
  private final long start;
  private final long length;
  private final Arena arena;
  private final @Nullable MemorySegment mapped;

  private TensorBytes(
      TensorSource source, Header header, Arena arena, @Nullable MemorySegment mapped) {
    this.path = source.path();
    this.source = source;
    this.start = header.dataStart();
    this.length = header.dataLength();
    this.arena = arena;
    this.mapped = mapped;
  }

  /**
   * Maps the data, where that can be done.
   *
   * @param source owned by the result, but not if this fails
   */
  // The arena outlives this method: the object owns it, and close() closes it.
  @SuppressWarnings("MustBeClosedChecker")
  static TensorBytes of(TensorSource source, Header header) throws IOException {
    Arena arena = Arena.ofShared();
    try {
      return new TensorBytes(
          source,
          header,
          arena,
          source.map(header.dataStart(), header.dataLength(), arena).orElse(null));
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  /** Whether a tensor's bytes are a part of the mapping, and not a copy. */
  boolean isMapped() {
    return mapped != null;
  }

  /** The tensor's bytes, read-only: of the mapping, or a copy that lives as long as this. */
  MemorySegment of(TensorInfo tensor) {
    return mapped == null
        ? load(tensor, arena)
        : mapped.asSlice(tensor.begin(), tensor.sizeInBytes());
  }

  /** The tensor's bytes in memory of their own, read-only. */
  MemorySegment load(TensorInfo tensor, Arena owner) {
    MemorySegment copy = owner.allocate(Math.max(1, tensor.sizeInBytes()), Long.BYTES);
    copy = copy.asSlice(0, tensor.sizeInBytes());
    fill(tensor, 0, copy);
    return copy.asReadOnly();
  }

  /** Reads bytes of the tensor from {@code offset} on, as many as {@code into} holds. */
  void fill(TensorInfo tensor, long offset, MemorySegment into) {
    requireWhole(tensor.name(), null);
    long position = start + tensor.begin() + offset;
    try {
      for (long done = 0; done < into.byteSize(); ) {
        ByteBuffer piece =
            into.asSlice(done, Math.min(PIECE_BYTES, into.byteSize() - done)).asByteBuffer();
        int read = source.read(piece, position + done);
        if (read <= 0) {
          throw unreadable(tensor, position + done);
        }
        done += read;
      }
    } catch (IOException e) {
      throw new SafetensorsException(
          path, tensor.name(), "its data cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Moves the tensor's bytes to {@code target}: from file to file within the system, without the
   * Java heap, else in pieces.
   *
   * @return how many were moved
   */
  long transfer(TensorInfo tensor, WritableByteChannel target) throws IOException {
    if (!(source instanceof MappedSource file)) {
      return pass(tensor, target);
    }
    long position = start + tensor.begin();
    long end = start + tensor.end();
    while (position < end) {
      long moved = file.channel().transferTo(position, end - position, target);
      if (moved <= 0) {
        requireWhole(tensor.name(), null);
        throw unreadable(tensor, position);
      }
      position += moved;
    }
    return tensor.sizeInBytes();
  }

  private long pass(TensorInfo tensor, WritableByteChannel target) throws IOException {
    long size = tensor.sizeInBytes();
    try (Arena copied = Arena.ofConfined()) {
      MemorySegment piece = copied.allocate(Math.clamp(size, 1, PIECE_BYTES));
      for (long at = 0; at < size; at += piece.byteSize()) {
        MemorySegment part = piece.asSlice(0, Math.min(piece.byteSize(), size - at));
        fill(tensor, at, part);
        ByteBuffer bytes = part.asByteBuffer();
        while (bytes.hasRemaining()) {
          if (target.write(bytes) <= 0) {
            throw new IOException("the target takes no more bytes");
          }
        }
      }
    }
    return size;
  }

  private SafetensorsException unreadable(TensorInfo tensor, long position) {
    return new SafetensorsException(
        path, tensor.name(), "its data cannot be read at byte " + position + " of the file");
  }

  /**
   * Refuses a file that has become shorter.
   *
   * @param name the tensor that is wanted
   * @param cause what failed, if anything did
   */
  void requireWhole(String name, @Nullable Throwable cause) {
    long now;
    try {
      now = source.length();
    } catch (IOException e) {
      throw new SafetensorsException(
          path, name, "the open file cannot be examined: " + e.getMessage(), e);
    }
    if (now < start + length) {
      throw new SafetensorsException(
          path,
          name,
          String.format(
              Locale.ROOT,
              "the file was truncated while it was %s: %d bytes are left of %d",
              isMapped() ? "mapped" : "open",
              now,
              start + length),
          cause);
    }
  }

  /** Unmaps the data and closes the source. */
  @Override
  public void close() throws IOException {
    try {
      arena.close();
    } finally {
      source.close();
    }
  }
}
