package io.fourierft.watched;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.DirectoryStream.Filter;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Tells a watcher of each call and passes it on. */
final class WatchedProvider extends FileSystemProvider {
  private final FileSystemProvider real = FileSystems.getDefault().provider();
  private final WatchedFileSystem system;
  private final FileWatcher watcher;

  WatchedProvider(WatchedFileSystem system, FileWatcher watcher) {
    this.system = system;
    this.watcher = watcher;
  }

  /** Tells the watcher and gives the path to pass on. */
  Path before(String operation, Path path) throws IOException {
    Path plain = WatchedFileSystem.real(path);
    watcher.before(operation, plain);
    return plain;
  }

  @Override
  public String getScheme() {
    return "watched";
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    return system;
  }

  @Override
  public Path getPath(URI uri) {
    return system.watch(real.getPath(uri));
  }

  @Override
  public FileChannel newFileChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    Path plain = before("open", path);
    FileChannel channel = real.newFileChannel(plain, options, attributes);
    return new WatchedChannel(channel, operation -> watcher.before(operation, plain), system);
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    return newFileChannel(path, options, attributes);
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(Path folder, Filter<? super Path> filter)
      throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries =
        real.newDirectoryStream(before("list", folder), entry -> true)) {
      for (Path entry : entries) {
        Path watched = system.watch(entry);
        if (filter.accept(watched)) {
          found.add(watched);
        }
      }
    }
    return new ListedFolder(found);
  }

  private record ListedFolder(List<Path> entries) implements DirectoryStream<Path> {
    @Override
    public java.util.Iterator<Path> iterator() {
      return entries.iterator();
    }

    @Override
    public void close() {}
  }

  @Override
  public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
    real.createDirectory(before("createDirectory", folder), attributes);
  }

  @Override
  public void createSymbolicLink(Path link, Path target, FileAttribute<?>... attributes)
      throws IOException {
    real.createSymbolicLink(
        before("createSymbolicLink", link), WatchedFileSystem.real(target), attributes);
  }

  @Override
  public void createLink(Path link, Path existing) throws IOException {
    real.createLink(before("createLink", link), WatchedFileSystem.real(existing));
  }

  @Override
  public void delete(Path path) throws IOException {
    real.delete(before("delete", path));
  }

  @Override
  public boolean deleteIfExists(Path path) throws IOException {
    return real.deleteIfExists(before("delete", path));
  }

  @Override
  public Path readSymbolicLink(Path link) throws IOException {
    return system.watch(real.readSymbolicLink(before("readSymbolicLink", link)));
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) throws IOException {
    real.copy(before("copy", source), WatchedFileSystem.real(target), options);
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    real.move(before("move", source), WatchedFileSystem.real(target), options);
  }

  @Override
  public boolean isSameFile(Path path, Path other) throws IOException {
    return real.isSameFile(before("isSameFile", path), WatchedFileSystem.real(other));
  }

  @Override
  public boolean isHidden(Path path) throws IOException {
    return real.isHidden(before("isHidden", path));
  }

  @Override
  public FileStore getFileStore(Path path) throws IOException {
    return real.getFileStore(before("getFileStore", path));
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    real.checkAccess(before("checkAccess", path), modes);
  }

  @Override
  public <V extends FileAttributeView> V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return real.getFileAttributeView(WatchedFileSystem.real(path), type, options);
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    return real.readAttributes(before("readAttributes", path), type, options);
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String names, LinkOption... options)
      throws IOException {
    return real.readAttributes(before("readAttributes", path), names, options);
  }

  @Override
  public void setAttribute(Path path, String name, Object value, LinkOption... options)
      throws IOException {
    real.setAttribute(before("setAttribute", path), name, value, options);
  }
}
