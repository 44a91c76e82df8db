package io.fourierft.spark.files;

import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** A name in one of Hadoop's file systems, absolute or not. Immutable. */
final class HadoopPath implements Path {
  private final HadoopFileSystem fileSystem;
  private final boolean absolute;
  private final List<String> names;

  HadoopPath(HadoopFileSystem fileSystem, String text) {
    this(fileSystem, text.startsWith("/"), split(text));
  }

  private HadoopPath(HadoopFileSystem fileSystem, boolean absolute, List<String> names) {
    this.fileSystem = fileSystem;
    this.absolute = absolute;
    this.names = List.copyOf(names);
  }

  private static List<String> split(String text) {
    if (text.indexOf('\0') >= 0) {
      throw new InvalidPathException(text, "it holds a NUL");
    }
    List<String> names = new ArrayList<>();
    for (String name : text.split("/", -1)) {
      if (!name.isEmpty()) {
        names.add(name);
      }
    }
    return names;
  }

  private HadoopPath relative(List<String> some) {
    return new HadoopPath(fileSystem, false, some);
  }

  private HadoopPath cast(Path other) {
    if (other instanceof HadoopPath path && path.fileSystem.equals(fileSystem)) {
      return path;
    }
    throw new ProviderMismatchException(other + " is in another file system than " + this);
  }

  /** Hadoop's own. */
  org.apache.hadoop.fs.Path hadoop() {
    // Of three parts, so that a colon in a name is no scheme.
    URI root = fileSystem.files().getUri();
    return new org.apache.hadoop.fs.Path(root.getScheme(), root.getAuthority(), text());
  }

  private String text() {
    return (absolute ? "/" : "") + String.join("/", names);
  }

  @Override
  public HadoopFileSystem getFileSystem() {
    return fileSystem;
  }

  @Override
  public boolean isAbsolute() {
    return absolute;
  }

  @Override
  public HadoopPath getRoot() {
    return absolute ? new HadoopPath(fileSystem, true, List.of()) : null;
  }

  @Override
  public HadoopPath getFileName() {
    return names.isEmpty() ? null : relative(List.of(names.getLast()));
  }

  @Override
  public HadoopPath getParent() {
    if (names.isEmpty() || (!absolute && names.size() == 1)) {
      return null;
    }
    return new HadoopPath(fileSystem, absolute, names.subList(0, names.size() - 1));
  }

  @Override
  public int getNameCount() {
    return names.size();
  }

  @Override
  public HadoopPath getName(int index) {
    return relative(List.of(names.get(index)));
  }

  @Override
  public HadoopPath subpath(int begin, int end) {
    return relative(names.subList(begin, end));
  }

  @Override
  public boolean startsWith(Path other) {
    return other instanceof HadoopPath path
        && path.fileSystem.equals(fileSystem)
        && path.absolute == absolute
        && path.names.size() <= names.size()
        && names.subList(0, path.names.size()).equals(path.names);
  }

  @Override
  public boolean endsWith(Path other) {
    return other instanceof HadoopPath path
        && path.fileSystem.equals(fileSystem)
        && (path.absolute
            ? equals(path)
            : path.names.size() <= names.size()
                && names
                    .subList(names.size() - path.names.size(), names.size())
                    .equals(path.names));
  }

  @Override
  public HadoopPath normalize() {
    List<String> kept = new ArrayList<>();
    for (String name : names) {
      if (name.equals("..") && !kept.isEmpty() && !kept.getLast().equals("..")) {
        kept.removeLast();
      } else if (!name.equals(".") && !(name.equals("..") && absolute)) {
        kept.add(name);
      }
    }
    return new HadoopPath(fileSystem, absolute, kept);
  }

  @Override
  public HadoopPath resolve(Path other) {
    HadoopPath path = cast(other);
    if (path.absolute) {
      return path;
    }
    List<String> all = new ArrayList<>(names);
    all.addAll(path.names);
    return new HadoopPath(fileSystem, absolute, all);
  }

  @Override
  public HadoopPath relativize(Path other) {
    HadoopPath path = cast(other);
    if (path.absolute != absolute) {
      throw new IllegalArgumentException(path + " and " + this + " are not of one kind");
    }
    int common = 0;
    while (common < names.size()
        && common < path.names.size()
        && names.get(common).equals(path.names.get(common))) {
      common++;
    }
    List<String> way = new ArrayList<>();
    for (int i = common; i < names.size(); i++) {
      way.add("..");
    }
    way.addAll(path.names.subList(common, path.names.size()));
    return relative(way);
  }

  @Override
  public URI toUri() {
    return toAbsolutePath().hadoop().toUri();
  }

  @Override
  public HadoopPath toAbsolutePath() {
    return absolute ? this : fileSystem.workingFolder().resolve(this);
  }

  @Override
  public HadoopPath toRealPath(LinkOption... options) throws java.io.IOException {
    HadoopPath path = toAbsolutePath().normalize();
    fileSystem.provider().status(path);
    return path;
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
    throw new UnsupportedOperationException("Hadoop's file systems are not watched");
  }

  @Override
  public int compareTo(Path other) {
    return toString().compareTo(cast(other).toString());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HadoopPath path
        && path.fileSystem.equals(fileSystem)
        && path.absolute == absolute
        && path.names.equals(names);
  }

  @Override
  public int hashCode() {
    return Objects.hash(fileSystem, absolute, names);
  }

  @Override
  public String toString() {
    return absolute ? hadoop().toString() : text();
  }
}
