package io.fourierft.safetensors;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/** A range of a file as a stream, by positional reads; closing it leaves the file open. */
final class FileRangeInputStream extends InputStream {
  private final TensorSource source;
  private final long end;
  private long position;

  FileRangeInputStream(TensorSource source, long begin, long length) {
    this.source = source;
    this.position = begin;
    this.end = Math.addExact(begin, length);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (length == 0) {
      return 0;
    }
    if (position >= end) {
      return -1;
    }
    int wanted = (int) Math.min(length, end - position);
    int read = source.read(ByteBuffer.wrap(bytes, offset, wanted), position);
    if (read > 0) {
      position += read;
    }
    return read;
  }
}
