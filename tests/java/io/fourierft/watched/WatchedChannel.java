package io.fourierft.watched;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** A channel whose calls that change something, or lock, are watched. */
final class WatchedChannel extends FileChannel {
  /** Is told of a call. */
  interface Watcher {
    void before(String operation) throws IOException;
  }

  private final FileChannel real;
  private final Watcher watcher;
  private final WatchedFileSystem system;

  WatchedChannel(FileChannel real, Watcher watcher, WatchedFileSystem system) {
    this.real = real;
    this.watcher = watcher;
    this.system = system;
    system.openChannels().add(real);
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    return real.read(target);
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
    return real.read(targets, offset, length);
  }

  @Override
  public int read(ByteBuffer target, long position) throws IOException {
    return real.read(target, position);
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    watcher.before("write");
    return real.write(source);
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
    watcher.before("write");
    return real.write(sources, offset, length);
  }

  @Override
  public int write(ByteBuffer source, long position) throws IOException {
    watcher.before("write");
    return real.write(source, position);
  }

  @Override
  public long position() throws IOException {
    return real.position();
  }

  @Override
  public FileChannel position(long newPosition) throws IOException {
    real.position(newPosition);
    return this;
  }

  @Override
  public long size() throws IOException {
    return real.size();
  }

  @Override
  public FileChannel truncate(long size) throws IOException {
    watcher.before("truncate");
    real.truncate(size);
    return this;
  }

  @Override
  public void force(boolean metaData) throws IOException {
    // Not passed on: no test pulls the plug, and thousands of runs would wait for the device.
    watcher.before("force");
  }

  @Override
  public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
    watcher.before("transfer");
    return real.transferTo(position, count, target);
  }

  @Override
  public long transferFrom(ReadableByteChannel source, long position, long count)
      throws IOException {
    watcher.before("transfer");
    return real.transferFrom(source, position, count);
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
    return real.map(mode, position, size);
  }

  @Override
  public MemorySegment map(MapMode mode, long offset, long size, Arena arena) throws IOException {
    return real.map(mode, offset, size, arena);
  }

  @Override
  public FileLock lock(long position, long size, boolean shared) throws IOException {
    watcher.before("lock");
    return real.lock(position, size, shared);
  }

  @Override
  public FileLock tryLock(long position, long size, boolean shared) throws IOException {
    watcher.before("lock");
    return real.tryLock(position, size, shared);
  }

  @Override
  protected void implCloseChannel() throws IOException {
    system.openChannels().remove(real);
    real.close();
  }
}
