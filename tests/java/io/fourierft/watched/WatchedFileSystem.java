package io.fourierft.watched;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The default file system, watched. */
public final class WatchedFileSystem extends FileSystem {
  private final FileSystem real = FileSystems.getDefault();
  private final WatchedProvider provider;
  private final Set<FileChannel> openChannels = ConcurrentHashMap.newKeySet();

  public WatchedFileSystem(FileWatcher watcher) {
    this.provider = new WatchedProvider(this, watcher);
  }

  /** The same file, through this file system. */
  public Path watch(Path path) {
    return path instanceof WatchedPath ? path : new WatchedPath(this, path);
  }

  /** The same file, through the default file system. */
  static Path real(Path path) {
    return path instanceof WatchedPath watched ? watched.real() : path;
  }

  Set<FileChannel> openChannels() {
    return openChannels;
  }

  /** Closes every channel, as the system does with those of a process that ends: locks go too. */
  public void closeChannels() throws IOException {
    for (FileChannel channel : openChannels) {
      channel.close();
    }
    openChannels.clear();
  }

  @Override
  public FileSystemProvider provider() {
    return provider;
  }

  @Override
  public void close() {}

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public boolean isReadOnly() {
    return false;
  }

  @Override
  public String getSeparator() {
    return real.getSeparator();
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    return Set.of(watch(real.getRootDirectories().iterator().next()));
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    return real.getFileStores();
  }

  @Override
  public Set<String> supportedFileAttributeViews() {
    return real.supportedFileAttributeViews();
  }

  @Override
  public Path getPath(String first, String... more) {
    return watch(real.getPath(first, more));
  }

  @Override
  public PathMatcher getPathMatcher(String syntaxAndPattern) {
    PathMatcher matcher = real.getPathMatcher(syntaxAndPattern);
    return path -> matcher.matches(real(path));
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    return real.getUserPrincipalLookupService();
  }

  @Override
  public WatchService newWatchService() {
    throw new UnsupportedOperationException();
  }
}
