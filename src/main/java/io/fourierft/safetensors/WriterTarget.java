package io.fourierft.safetensors;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;

/** What a {@link SafetensorsWriter} writes to. */
interface WriterTarget extends AutoCloseable {
  /** The file to be, for messages. */
  Path target();

  /** Takes the bytes, in their order. */
  WritableByteChannel channel();

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
