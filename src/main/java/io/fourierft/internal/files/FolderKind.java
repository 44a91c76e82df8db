package io.fourierft.internal.files;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * What an {@link OutputDirectory} holds, and so which folder it may replace.
 *
 * @param noun what such a folder holds, with its article, for messages
 * @param signature a glob for a file name that every such folder has
 * @param ownFiles if empty, the whole folder is replaced; else only these files are, and whatever
 *     else the old folder holds stays
 */
public record FolderKind(String noun, String signature, Set<String> ownFiles) {
  /** The temporary folder of a single file, which replaces no folder. */
  static final FolderKind ONE_FILE = new FolderKind("a file", "*", Set.of());

  /** Copies the set. */
  public FolderKind {
    ownFiles = Set.copyOf(ownFiles);
  }

  /** Whether a folder is of this kind. */
  boolean matches(Path folder) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, signature)) {
      return entries.iterator().hasNext();
    }
  }

  /** Whether a file of an old folder belongs into the new one. */
  boolean stays(Path file) {
    return !ownFiles.isEmpty() && !ownFiles.contains(String.valueOf(file.getFileName()));
  }
}
