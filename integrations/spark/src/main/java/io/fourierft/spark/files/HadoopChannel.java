package io.fourierft.spark.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.ReadOnlyFileSystemException;
import org.apache.hadoop.fs.FSDataInputStream;

/** A file of Hadoop's, read by positions: each read asks for its range alone. */
final class HadoopChannel implements SeekableByteChannel {
  private static final int PIECE_BYTES = 1 << 20;

  private final FSDataInputStream input;
  private final long size;
  private long position;
  private boolean open = true;

  HadoopChannel(FSDataInputStream input, long size) {
    this.input = input;
    this.size = size;
  }

  @Override
  public synchronized int read(ByteBuffer into) throws IOException {
    requireOpen();
    if (position >= size) {
      return -1;
    }
    int wanted = (int) Math.min(into.remaining(), Math.min(PIECE_BYTES, size - position));
    byte[] piece = into.hasArray() ? into.array() : new byte[wanted];
    int offset = into.hasArray() ? into.arrayOffset() + into.position() : 0;
    int read = input.read(position, piece, offset, wanted);
    if (read > 0) {
      if (into.hasArray()) {
        into.position(into.position() + read);
      } else {
        into.put(piece, 0, read);
      }
      position += read;
    }
    return read;
  }

  @Override
  public int write(ByteBuffer from) {
    throw new ReadOnlyFileSystemException();
  }

  @Override
  public synchronized long position() throws IOException {
    requireOpen();
    return position;
  }

  @Override
  public synchronized SeekableByteChannel position(long newPosition) throws IOException {
    requireOpen();
    position = newPosition;
    return this;
  }

  @Override
  public long size() throws IOException {
    requireOpen();
    return size;
  }

  @Override
  public SeekableByteChannel truncate(long length) {
    throw new ReadOnlyFileSystemException();
  }

  @Override
  public synchronized boolean isOpen() {
    return open;
  }

  @Override
  public synchronized void close() throws IOException {
    if (open) {
      open = false;
      input.close();
    }
  }

  private void requireOpen() throws ClosedChannelException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
  }
}
