package io.fourierft.safetensors;

import io.fourierft.HostMatrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Writes one safetensors file as a stream: the header first, from the declared tensors, then each
 * tensor's bytes in the declared order, those that were {@linkplain #postpone postponed} when they
 * are there. Memory stays flat whatever the size of the file.
 *
 * <p>The bytes go to a temporary file in the same folder. {@link #commit} puts it in the target's
 * place in one step, so a target that is memory-mapped elsewhere, even as the source of this very
 * writing, stays whole; {@link #close} without it leaves nothing behind.
 *
 * <p>For one thread.
 */
public final class SafetensorsWriter implements AutoCloseable {
  /** Bytes copied at once from a heap segment, which a channel cannot take as it is. */
  private static final int STAGING_BYTES = 1 << 20;

  /** The longest piece that a {@link ByteBuffer} is made of. */
  private static final long LONGEST_PIECE = 1 << 30;

  private final WriterTarget file;
  private final TensorTurns turns;
  private boolean broken;
  private boolean finished;

  private SafetensorsWriter(WriterTarget file, List<TensorDeclaration> tensors) {
    this.file = file;
    this.turns = new TensorTurns(file.target(), tensors);
  }

  /**
   * Starts a file: creates the temporary one and writes the header, padded with spaces so that the
   * data starts at a multiple of 8.
   *
   * @param target the file to be, which may exist
   * @param metadata free text for the header, may be empty
   * @param tensors the tensors in the order of their data; {@link #referenceOrder} sorts them as
   *     the reference writer does
   * @throws SafetensorsException if two tensors have one name, a name or text cannot be expressed,
   *     or the header would exceed 100,000,000 bytes
   * @throws IOException if the file cannot be written; nothing is left behind
   */
  public static SafetensorsWriter create(
      Path target, Map<String, String> metadata, List<TensorDeclaration> tensors)
      throws IOException {
    List<TensorDeclaration> declared = List.copyOf(tensors);
    HeaderWriter.requireExpressible(target, metadata, declared);
    return start(ReplacementFile.create(target), metadata, declared);
  }

  /**
   * Starts a file on a channel of the caller's, as of another machine: the same bytes, in their
   * order, nothing else. What {@link #commit} and {@link #close} do not do is the caller's to do:
   * force, close, give the file its name, or remove what is not whole.
   *
   * @param target the file to be, for messages
   * @param channel takes the bytes; stays open
   * @throws SafetensorsException as {@link #create(Path, Map, List)}
   * @throws IOException if the channel fails
   */
  public static SafetensorsWriter create(
      Path target,
      WritableByteChannel channel,
      Map<String, String> metadata,
      List<TensorDeclaration> tensors)
      throws IOException {
    List<TensorDeclaration> declared = List.copyOf(tensors);
    HeaderWriter.requireExpressible(target, metadata, declared);
    return start(new WriterStream(target, channel), metadata, declared);
  }

  /**
   * Writes a whole file in one call: each matrix as a tensor {@code [rows, cols]} of its element
   * type, in the reference writer's order, with the {@code format} that transformers asks for
   * ({@code pt}). The file appears when it is whole.
   *
   * @param target the file to be, which is replaced if it exists
   * @throws SafetensorsException if a name cannot be expressed
   * @throws IOException if the file cannot be written; nothing is left behind
   */
  public static void write(Path target, Map<String, HostMatrix> matrices) throws IOException {
    List<TensorDeclaration> declarations = new ArrayList<>();
    matrices.forEach(
        (name, matrix) ->
            declarations.add(
                new TensorDeclaration(
                    name,
                    DType.of(matrix.elementType()),
                    List.of((long) matrix.rows(), (long) matrix.cols()))));
    List<TensorDeclaration> ordered = referenceOrder(declarations);
    try (SafetensorsWriter writer = create(target, Map.of("format", "pt"), ordered)) {
      for (TensorDeclaration declaration : ordered) {
        writer.write(declaration.name(), Objects.requireNonNull(matrices.get(declaration.name())));
      }
      writer.commit();
    }
  }

  /** Writes a whole tensor, row by row where the matrix is not dense. */
  private void write(String name, HostMatrix matrix) throws IOException {
    long rowBytes = (long) matrix.cols() * matrix.elementType().sizeInBytes();
    if (matrix.rows() <= 1 || matrix.stride() == matrix.cols()) {
      write(name, matrix.data().asSlice(0, matrix.rows() * rowBytes));
      return;
    }
    for (int row = 0; row < matrix.rows(); row++) {
      write(name, matrix.data().asSlice(matrix.byteOffset(row, 0), rowBytes));
    }
  }

  /** Starts writing to a file that is open; closes it if that fails. */
  static SafetensorsWriter start(
      WriterTarget file, Map<String, String> metadata, List<TensorDeclaration> tensors)
      throws IOException {
    try {
      HeaderWriter.write(file, metadata, tensors);
      return new SafetensorsWriter(file, tensors);
    } catch (Throwable e) {
      try {
        file.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      if (e instanceof IOException io) {
        throw failed(file, "writing the header", io);
      }
      throw e;
    }
  }

  /** The tensors in the reference writer's order: by dtype, descending, then by name. */
  public static List<TensorDeclaration> referenceOrder(Collection<TensorDeclaration> tensors) {
    return ReferenceOrder.sort(tensors);
  }

  /**
   * Writes the next bytes of a tensor. A tensor of no bytes needs no call, and may have one at any
   * time.
   *
   * @param name the tensor whose turn it is: the first that is not complete
   * @param bytes its next bytes, any number up to what is missing, in any kind of segment
   * @throws SafetensorsException if it is another tensor's turn, or these are too many bytes
   * @throws IOException if the file cannot be written, for example because the disk is full
   */
  public void write(String name, MemorySegment bytes) throws IOException {
    if (declaration(name).sizeInBytes() == 0 && bytes.byteSize() == 0) {
      return;
    }
    turns.require(name, bytes.byteSize());
    broken = true;
    try {
      writeAny(bytes);
    } catch (IOException e) {
      throw failed(file, "writing tensor " + SafetensorsException.quote(name), e);
    }
    advance(bytes.byteSize());
  }

  private void writeAny(MemorySegment bytes) throws IOException {
    if (bytes.isNative()) {
      writeNative(bytes);
    } else {
      writeStaged(bytes);
    }
  }

  /** Whether tensors can be postponed: in a file, but not on a channel of the caller's. */
  public boolean canPostpone() {
    return file instanceof ReplacementFile;
  }

  /**
   * Passes over a whole tensor, so that those after it can be written before it; {@link #fill}
   * writes it.
   *
   * @param name the tensor whose turn it is, nothing of which is written
   * @throws SafetensorsException if it is another tensor's turn, or some bytes of it are written
   * @throws UnsupportedOperationException if the bytes go to a channel of the caller's
   * @throws IOException if the file fails
   */
  public void postpone(String name) throws IOException {
    long size = declaration(name).sizeInBytes();
    if (size == 0) {
      return;
    }
    FileChannel channel = requirePostponing();
    turns.require(name, size);
    broken = true;
    try {
      long position = channel.position();
      channel.position(position + size);
      turns.postpone(position);
    } catch (IOException e) {
      throw failed(file, "passing over tensor " + SafetensorsException.quote(name), e);
    }
    broken = false;
  }

  /**
   * Writes a tensor that was postponed, whole.
   *
   * @param bytes all of it, in any kind of segment
   * @throws SafetensorsException if it was not postponed, or these are not its size
   * @throws IOException if the file fails
   */
  public void fill(String name, MemorySegment bytes) throws IOException {
    if (declaration(name).sizeInBytes() == 0 && bytes.byteSize() == 0) {
      return;
    }
    long place = turns.place(name, bytes.byteSize());
    FileChannel channel = requirePostponing();
    broken = true;
    try {
      long end = channel.position();
      channel.position(place);
      writeAny(bytes);
      channel.position(end);
    } catch (IOException e) {
      throw failed(file, "writing tensor " + SafetensorsException.quote(name), e);
    }
    broken = false;
    file.wrote(bytes.byteSize());
    turns.filled(name);
  }

  private FileChannel requirePostponing() {
    if (file instanceof ReplacementFile replacement) {
      return replacement.channel();
    }
    throw new UnsupportedOperationException(
        file.target() + ": on a channel tensors are written in their order");
  }

  /**
   * Writes a whole tensor as it stands in another file, under its own name.
   *
   * @throws SafetensorsException as {@link #copy(String, SafetensorsFile, String)}
   * @throws IOException if either file fails
   */
  public void copy(String name, SafetensorsFile source) throws IOException {
    copy(name, source, name);
  }

  /**
   * Writes a whole tensor as it stands in another file; the system moves the bytes. Interrupting
   * the thread meanwhile closes both files.
   *
   * @param name the tensor whose turn it is
   * @param sourceName the tensor's name in {@code source}, where it must have the declared dtype
   *     and shape
   * @throws SafetensorsException if it is another tensor's turn, some bytes of it are written
   *     already, the source has it otherwise or not at all, or was truncated meanwhile
   * @throws IOException if either file fails
   */
  public void copy(String name, SafetensorsFile source, String sourceName) throws IOException {
    TensorInfo from = source.tensor(sourceName);
    requireOpen();
    turns.requireAlike(name, from, source);
    if (from.sizeInBytes() == 0) {
      return;
    }
    turns.require(name, from.sizeInBytes());
    broken = true;
    long before = position();
    long moved;
    try {
      moved = source.transfer(from, file.channel());
      moved = before < 0 ? moved : position() - before;
    } catch (IOException e) {
      throw failed(
          file,
          String.format(
              Locale.ROOT,
              "copying tensor %s from %s",
              SafetensorsException.quote(name),
              source.path()),
          e);
    }
    if (moved != from.sizeInBytes()) {
      throw new SafetensorsException(
          file.target(),
          name,
          String.format(
              Locale.ROOT, "%d bytes arrived, %d were declared", moved, from.sizeInBytes()));
    }
    advance(moved);
  }

  /**
   * Forces the file to the device and puts it in the target's place.
   *
   * @throws SafetensorsException if a tensor is not complete
   * @throws IOException if the system fails; the target is as it was
   */
  public void commit() throws IOException {
    commit(true);
  }

  /**
   * The same without forcing it to the device, which the caller does: with the other files of a
   * folder, say, before that gets its name.
   *
   * @throws SafetensorsException if a tensor is not complete
   * @throws IOException if the system fails; the target is as it was
   */
  public void commitUnforced() throws IOException {
    commit(false);
  }

  private void commit(boolean force) throws IOException {
    requireOpen();
    turns.requireComplete();
    try {
      file.commit(force);
    } catch (IOException e) {
      throw failed(file, "committing it", e);
    }
    finished = true;
  }

  /** Deletes the temporary file if nothing was committed. Closing again does nothing. */
  @Override
  public void close() throws IOException {
    finished = true;
    file.close();
  }

  /** Where the target's end is, if it can tell; else negative. */
  private long position() throws IOException {
    return file.channel() instanceof SeekableByteChannel channel ? channel.position() : -1;
  }

  private void writeNative(MemorySegment bytes) throws IOException {
    for (long offset = 0; offset < bytes.byteSize(); offset += LONGEST_PIECE) {
      long length = Math.min(LONGEST_PIECE, bytes.byteSize() - offset);
      file.drain(bytes.asSlice(offset, length).asByteBuffer());
    }
  }

  private void writeStaged(MemorySegment bytes) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment staging = arena.allocate(Math.min(STAGING_BYTES, bytes.byteSize()));
      for (long offset = 0; offset < bytes.byteSize(); offset += staging.byteSize()) {
        long length = Math.min(staging.byteSize(), bytes.byteSize() - offset);
        MemorySegment.copy(bytes, offset, staging, 0, length);
        file.drain(staging.asSlice(0, length).asByteBuffer());
      }
    }
  }

  private TensorDeclaration declaration(String name) {
    requireOpen();
    return turns.declaration(name);
  }

  private void advance(long length) {
    broken = false;
    file.wrote(length);
    turns.advance(length);
  }

  private void requireOpen() {
    if (finished) {
      throw new IllegalStateException(
          "the writer of " + file.target() + " is committed or closed already");
    }
    if (broken) {
      throw new IllegalStateException(
          "an earlier write to " + file.target() + " failed half-way; close it and start again");
    }
  }

  private static IOException failed(WriterTarget file, String doing, IOException e) {
    return new IOException(file.target() + ": " + doing + " failed: " + e.getMessage(), e);
  }
}
