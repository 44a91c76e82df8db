package io.fourierft.merge;

import io.fourierft.FourierException;
import io.fourierft.internal.files.InputFile;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/** What is read, none of which an output may replace, be it behind links. */
final class SourceFiles {
  private static final int MOST_LINKS = 40;

  private SourceFiles() {}

  /**
   * Refuses an output folder that holds anything that is read, or lies in the base's folder.
   *
   * @param base a model's folder or one of its files
   */
  static void requireApart(Path base, List<Path> adapters, Path output) throws IOException {
    if (adapters.isEmpty()) {
      throw new FourierException("no adapter was given; give at least one");
    }
    Path target = real(output);
    boolean isFolder = InputFile.isFolder(base);
    if (isFolder && target.startsWith(real(base))) {
      throw new FourierException(
          "the output %s lies in the base model's folder %s; give a folder outside it"
              .formatted(output, base));
    }
    requireOutside("the base model", base, target, output);
    if (!isFolder) {
      requireOutside("the base model", OpenBase.folderOf(base), target, output);
    }
    for (Path adapter : adapters) {
      requireOutside("the adapter", adapter, target, output);
    }
  }

  private static void requireOutside(String what, Path source, Path target, Path output)
      throws IOException {
    if (real(source).startsWith(target)) {
      throw new FourierException(
          "%s %s lies in the output %s, which would be replaced; give another folder"
              .formatted(what, source, output));
    }
    for (Path link : links(source)) {
      for (Path hop : hops(link)) {
        if (hop.startsWith(target)) {
          throw new FourierException(
              "%s leads to %s, in the output %s, which would be replaced; give another folder"
                  .formatted(link, hop, output));
        }
      }
    }
  }

  /** The path itself if it is a link, else the links in it. */
  private static List<Path> links(Path source) throws IOException {
    List<Path> links = new ArrayList<>();
    if (Files.isSymbolicLink(source)) {
      links.add(source);
    }
    if (InputFile.isFolder(source)) {
      Files.walkFileTree(
          source.toRealPath(),
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
              if (attributes.isSymbolicLink()) {
                links.add(path);
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path path, IOException failure) {
              // What cannot be read is not read by a merge either, or is reported there.
              return FileVisitResult.CONTINUE;
            }
          });
    }
    return links;
  }

  /** Every place that a link leads over, to its end. */
  private static List<Path> hops(Path link) throws IOException {
    List<Path> hops = new ArrayList<>();
    Path at = link.toAbsolutePath();
    while (Files.isSymbolicLink(at) && hops.size() < MOST_LINKS) {
      Path next = at.resolveSibling(Files.readSymbolicLink(at));
      Path parent = next.getParent();
      Path name = next.getFileName();
      if (parent == null || name == null) {
        break;
      }
      at = real(parent).resolve(name).normalize();
      hops.add(at);
    }
    return hops;
  }

  /** The path with the links of its existing part resolved. */
  private static Path real(Path path) throws IOException {
    Path absolute = path.toAbsolutePath().normalize();
    try {
      return absolute.toRealPath();
    } catch (NoSuchFileException e) {
      // The part of it that is there may have links.
    }
    Path parent = absolute.getParent();
    return parent == null ? absolute : real(parent).resolve(absolute.getFileName());
  }
}
