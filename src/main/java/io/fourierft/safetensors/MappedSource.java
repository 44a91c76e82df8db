package io.fourierft.safetensors;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessMode;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A file of this machine, mapped. */
final class MappedSource implements TensorSource {
  /** Stands in a path's text for what is not text in this locale. */
  private static final char UNREADABLE = '\uFFFD';

  private final Path path;

  // A RandomAccessFile tells its length even to an interrupted thread; a channel would close.
  private final RandomAccessFile file;

  private MappedSource(Path path, RandomAccessFile file) {
    this.path = path;
    this.file = file;
  }

  /** Whether a file of that name can be mapped: it is one of the default file system. */
  static boolean canMap(Path path) {
    try {
      path.toFile();
      return true;
    } catch (UnsupportedOperationException elsewhere) {
      return false;
    }
  }

  static MappedSource open(Path path) throws IOException {
    // A RandomAccessFile says in words alone whether a file is missing or may not be read.
    path.getFileSystem().provider().checkAccess(path, AccessMode.READ);
    return new MappedSource(path, openForReading(path));
  }

  /**
   * Opens the file. A name that is not text in this locale cannot be given to a RandomAccessFile,
   * but the number of a channel that is open on the file can.
   */
  private static RandomAccessFile openForReading(Path path) throws IOException {
    if (path.toString().indexOf(UNREADABLE) < 0) {
      return new RandomAccessFile(path.toFile(), "r");
    }
    Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        DirectoryStream<Path> numbers = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path number : numbers) {
        if (channel.isOpen() && isFile(number, key)) {
          return new RandomAccessFile(number.toFile(), "r");
        }
      }
    }
    throw new NoSuchFileException(path.toString(), null, "its name is not text in this locale");
  }

  private static boolean isFile(Path number, @Nullable Object key) throws IOException {
    try {
      return key != null
          && key.equals(Files.readAttributes(number, BasicFileAttributes.class).fileKey());
    } catch (NoSuchFileException closedMeanwhile) {
      return false;
    }
  }

  @Override
  public Path path() {
    return path;
  }

  /** The channel, from which the system moves bytes to another. */
  FileChannel channel() {
    return file.getChannel();
  }

  @Override
  public long length() throws IOException {
    return file.length();
  }

  @Override
  public int read(ByteBuffer into, long position) throws IOException {
    return channel().read(into, position);
  }

  @Override
  public Optional<MemorySegment> map(long position, long length, Arena arena) throws IOException {
    return Optional.of(channel().map(FileChannel.MapMode.READ_ONLY, position, length, arena));
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
