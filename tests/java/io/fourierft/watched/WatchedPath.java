package io.fourierft.watched;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.WatchEvent.Kind;
import java.nio.file.WatchEvent.Modifier;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;

/** A path of a watched file system: names are the default one's. */
record WatchedPath(WatchedFileSystem system, Path real) implements Path {
  private Path wrap(Path path) {
    return path == null ? null : new WatchedPath(system, path);
  }

  @Override
  public FileSystem getFileSystem() {
    return system;
  }

  @Override
  public boolean isAbsolute() {
    return real.isAbsolute();
  }

  @Override
  public Path getRoot() {
    return wrap(real.getRoot());
  }

  @Override
  public Path getFileName() {
    return wrap(real.getFileName());
  }

  @Override
  public Path getParent() {
    return wrap(real.getParent());
  }

  @Override
  public int getNameCount() {
    return real.getNameCount();
  }

  @Override
  public Path getName(int index) {
    return wrap(real.getName(index));
  }

  @Override
  public Path subpath(int begin, int end) {
    return wrap(real.subpath(begin, end));
  }

  @Override
  public boolean startsWith(Path other) {
    return other instanceof WatchedPath && real.startsWith(WatchedFileSystem.real(other));
  }

  @Override
  public boolean endsWith(Path other) {
    return other instanceof WatchedPath && real.endsWith(WatchedFileSystem.real(other));
  }

  @Override
  public Path normalize() {
    return wrap(real.normalize());
  }

  @Override
  public Path resolve(Path other) {
    return wrap(real.resolve(WatchedFileSystem.real(other)));
  }

  @Override
  public Path relativize(Path other) {
    return wrap(real.relativize(WatchedFileSystem.real(other)));
  }

  @Override
  public URI toUri() {
    return real.toUri();
  }

  @Override
  public Path toAbsolutePath() {
    return wrap(real.toAbsolutePath());
  }

  @Override
  public Path toRealPath(LinkOption... options) throws IOException {
    ((WatchedProvider) system.provider()).before("toRealPath", this);
    return wrap(real.toRealPath(options));
  }

  /** For the parts of Java that know files of the default file system alone; not watched. */
  @Override
  public File toFile() {
    return real.toFile();
  }

  @Override
  public WatchKey register(WatchService watcher, Kind<?>[] events, Modifier... modifiers) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int compareTo(Path other) {
    return real.compareTo(WatchedFileSystem.real(other));
  }

  @Override
  public String toString() {
    return real.toString();
  }
}
