package io.fourierft.internal.files;

import io.fourierft.FourierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A link that leads nowhere, as the name of an output. */
final class BrokenLink {
  private BrokenLink() {}

  /** Refuses one: writing would fail at the end, or replace the link. */
  static void refuse(Path target) throws IOException {
    if (Files.isSymbolicLink(target) && !Files.exists(target)) {
      throw new FourierException(
          "%s is a broken link to %s; remove it, make what it leads to, or give another name"
              .formatted(target, Files.readSymbolicLink(target)));
    }
  }
}
