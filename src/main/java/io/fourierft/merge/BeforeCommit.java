package io.fourierft.merge;

import java.io.IOException;
import java.nio.file.Path;

/** What a caller of {@link ModelMerge} does just before the output gets its final name. */
@FunctionalInterface
public interface BeforeCommit {
  /** Does nothing. */
  BeforeCommit NOTHING = folder -> {};

  /**
   * Called once, when everything is written and checked. What it throws ends the merge, and nothing
   * is left behind.
   *
   * @param folder the whole output, under its temporary name
   */
  void written(Path folder) throws IOException;
}
