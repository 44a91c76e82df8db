package io.fourierft.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file of another file system, read a range at a time through one channel. */
final class RangedSource implements TensorSource {
  private final Path path;
  private final SeekableByteChannel channel;

  private RangedSource(Path path, SeekableByteChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  static RangedSource open(Path path) throws IOException {
    return new RangedSource(path, Files.newByteChannel(path, StandardOpenOption.READ));
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public long length() throws IOException {
    // Not the channel's, which may remember what was so when it was opened.
    return Files.size(path);
  }

  @Override
  public synchronized int read(ByteBuffer into, long position) throws IOException {
    return channel.position(position).read(into);
  }

  @Override
  public synchronized void close() throws IOException {
    channel.close();
  }
}
