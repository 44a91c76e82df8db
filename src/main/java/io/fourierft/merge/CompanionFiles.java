package io.fourierft.merge;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;

/**
 * The files of a model folder that are not its weights: configuration, tokenizer, licence. Weights
 * in other formats are left behind, because they would no longer match the merged ones.
 */
final class CompanionFiles {
  private static final List<String> WEIGHT_ENDINGS =
      List.of(
          ".safetensors",
          ".safetensors.index.json",
          ".bin",
          ".bin.index.json",
          ".pt",
          ".pth",
          ".ckpt",
          ".h5",
          ".msgpack",
          ".gguf",
          ".onnx",
          ".onnx_data",
          ".tflite",
          ".ot");

  private final List<Path> kept = new ArrayList<>();
  private final List<Path> leftBehind = new ArrayList<>();
  private final Path folder;

  private CompanionFiles(Path folder) {
    this.folder = folder;
  }

  /** Lists a model folder, symbolic links followed, names that start with a dot left out. */
  static CompanionFiles of(Path folder) throws IOException {
    CompanionFiles files = new CompanionFiles(folder);
    Files.walkFileTree(
        folder,
        EnumSet.of(FileVisitOption.FOLLOW_LINKS),
        8,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
            return path.equals(folder) || !isHidden(path)
                ? FileVisitResult.CONTINUE
                : FileVisitResult.SKIP_SUBTREE;
          }

          @Override
          public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
            if (attributes.isRegularFile() && !isHidden(path)) {
              (isWeights(path) ? files.leftBehind : files.kept).add(folder.relativize(path));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    files.kept.sort(null);
    files.leftBehind.sort(null);
    return files;
  }

  /** Files that go along, relative to the folder. */
  List<Path> kept() {
    return kept;
  }

  /** Weight files that do not, relative to the folder; the merged ones among them. */
  List<Path> leftBehind() {
    return leftBehind;
  }

  /** Copies the kept files, with their folders, to {@code target}. */
  void copyTo(Path target) throws IOException {
    for (Path relative : kept) {
      Path to = target.resolve(relative.toString());
      Path parent = to.getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      Files.copy(folder.resolve(relative), to, StandardCopyOption.COPY_ATTRIBUTES);
    }
  }

  private static boolean isWeights(Path path) {
    String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    return WEIGHT_ENDINGS.stream().anyMatch(name::endsWith);
  }

  private static boolean isHidden(Path path) {
    return path.getFileName().toString().startsWith(".");
  }
}
