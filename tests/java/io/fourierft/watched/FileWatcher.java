package io.fourierft.watched;

import java.io.IOException;
import java.nio.file.Path;

/** Is told of every call before it is made; what it throws is what the caller gets. */
@FunctionalInterface
public interface FileWatcher {
  /** Nothing is done. */
  FileWatcher NONE = (operation, path) -> {};

  /**
   * A call is about to be made.
   *
   * @param operation its name
   * @param path the first path that it was given, of the default file system
   */
  void before(String operation, Path path) throws IOException;
}
