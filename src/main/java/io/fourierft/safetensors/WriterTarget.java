package io.fourierft.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;

/** What a {@link SafetensorsWriter} writes to. */
interface WriterTarget extends AutoCloseable {
  /** The file to be, for messages. */
  Path target();

  /** Takes the bytes, in their order. */
  WritableByteChannel channel();

  /**
   * Writes all of the buffer.
   *
   * @throws IOException if the channel fails, or takes nothing
   */
  default void drain(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel().write(buffer) <= 0) {
        throw new IOException("the file takes no more bytes");
      }
    }
  }

  /** So many more bytes have been taken by the channel. */
  default void wrote(long bytes) {}

  /**
   * Everything was written.
   *
   * @param force whether it must be on the device when this returns, where there is one
   */
  void commit(boolean force) throws IOException;

  /** Gives up what was not committed. */
  @Override
  void close() throws IOException;
}
