package io.fourierft.spark.files;

import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.List;
import java.util.Set;

/** One of Hadoop's file systems, for reading. It stays open as long as Hadoop's does. */
final class HadoopFileSystem extends FileSystem {
  private final HadoopProvider provider;
  private final org.apache.hadoop.fs.FileSystem files;

  HadoopFileSystem(HadoopProvider provider, org.apache.hadoop.fs.FileSystem files) {
    this.provider = provider;
    this.files = files;
  }

  /** Hadoop's own. */
  org.apache.hadoop.fs.FileSystem files() {
    return files;
  }

  HadoopPath workingFolder() {
    return new HadoopPath(this, files.getWorkingDirectory().toUri().getPath());
  }

  @Override
  public HadoopProvider provider() {
    return provider;
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException("Hadoop owns its file systems");
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public boolean isReadOnly() {
    return true;
  }

  @Override
  public String getSeparator() {
    return "/";
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    return List.of(new HadoopPath(this, "/"));
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    return List.of();
  }

  @Override
  public Set<String> supportedFileAttributeViews() {
    return Set.of("basic");
  }

  @Override
  public Path getPath(String first, String... more) {
    return new HadoopPath(this, more.length == 0 ? first : first + "/" + String.join("/", more));
  }

  @Override
  public PathMatcher getPathMatcher(String pattern) {
    throw new UnsupportedOperationException("patterns of names are not supported: " + pattern);
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    throw new UnsupportedOperationException("users are not looked up");
  }

  @Override
  public WatchService newWatchService() {
    throw new UnsupportedOperationException("Hadoop's file systems are not watched");
  }
}
