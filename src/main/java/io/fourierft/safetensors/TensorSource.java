package io.fourierft.safetensors;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the bytes of a safetensors file are: mapped into memory, or read a range at a time, as from
 * another machine. {@link SafetensorsFile#open(Path)} maps files of the default file system and
 * reads those of others, such as a zip file's or an object store's, by ranges; {@link
 * SafetensorsFile#open(TensorSource)} takes any.
 *
 * <p>Safe for any number of threads.
 */
public interface TensorSource extends AutoCloseable {
  /** The file, for messages. */
  Path path();

  /**
   * The file's length in bytes as it is now: it is asked before and after reading, to notice a file
   * that was cut off.
   *
   * @throws IOException if it cannot be told
   */
  long length() throws IOException;

  /**
   * Reads some bytes, at least one unless the buffer is full or the file ends.
   *
   * @param position the first byte, counted from the start of the file
   * @return how many; -1 at the end of the file
   * @throws IOException if they cannot be read
   */
  int read(ByteBuffer into, long position) throws IOException;

  /**
   * A range of the file as memory that the system fills when it is looked at; empty if this source
   * has none such. The segment lives as long as the arena.
   *
   * @throws IOException if it cannot be mapped
   */
  default Optional<MemorySegment> map(long position, long length, Arena arena) throws IOException {
    return Optional.empty();
  }

  /**
   * Gives back what the source holds. Closing again does nothing.
   *
   * @throws IOException if the system fails
   */
  @Override
  void close() throws IOException;
}
