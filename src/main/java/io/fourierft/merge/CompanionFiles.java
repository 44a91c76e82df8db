package io.fourierft.merge;

import io.fourierft.internal.files.InputFile;
import io.fourierft.internal.files.NaturalOrder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The files of a model folder that are not its weights: configuration, tokenizer, licence. Weights
 * in other formats are left behind, because they would no longer match the merged ones; so is what
 * a training left there, because programs take a folder with it for an adapter or a checkpoint.
 *
 * <p>Contents are copied, not modes: a read-only base makes a writable model.
 */
final class CompanionFiles {
  private static final String CONFIG = "config.json";
  private static final int MOST_NAMES = 5;
  private static final int MOST_BYTES = 16 << 20;

  private static final Pattern WEIGHTS =
      Pattern.compile(
          ".*\\.(safetensors|bin|pt|pth|ckpt|h5|msgpack|gguf|ggml|onnx|onnx[_.]data(_\\d+)?|tflite"
              + "|ot|distcp|nemo|pdparams)"
              + "|.*\\.(safetensors|bin|h5|msgpack)\\.(.+\\.)?index(\\..+)?\\.json"
              + "|.*\\.ckpt(-\\d+)?\\.(index|meta|data-.*)");

  private static final Pattern TRAINING =
      Pattern.compile(
          "adapter_(config\\.json|model\\..*)|training_args\\.(bin|json)"
              + "|(optimizer|scheduler|scaler|rng_state|random_states|sampler)(_\\d+)*"
              + "\\.(bin|pt|pth|pkl|safetensors|distcp)"
              + "|trainer_(state\\.json|log\\.jsonl)|(all|train|eval|test|predict)_results\\.json"
              + "|events\\.out\\.tfevents\\..*|zero_to_fp32\\.py|latest");

  private static final Pattern TRAINING_FOLDER =
      Pattern.compile(
          "checkpoint-\\d+|global_step\\d+|optimizer_\\d+|pytorch_model_fsdp_\\d+|runs|wandb");

  private final Path folder;
  private final Path home;
  private final List<Path> kept = new ArrayList<>();
  private final List<Path> leftBehind = new ArrayList<>();
  private final List<String> training = new ArrayList<>();
  private final List<String> outside = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private byte[] configWithoutMark = {};

  private CompanionFiles(Path folder) {
    this.folder = folder;
    this.home = home(folder);
  }

  /**
   * Lists a model folder. Names that start with a dot are left out; links are followed to files,
   * not to folders.
   */
  static CompanionFiles of(Path base) throws IOException {
    CompanionFiles files = new CompanionFiles(base.toRealPath());
    Files.walkFileTree(files.folder, files.new Sorter());
    files.kept.sort(null);
    files.leftBehind.sort(null);
    if (!files.training.isEmpty()) {
      files.notes.add(
          "what a training left in the base's folder was not copied: " + brief(files.training));
    }
    files.lookForByteOrderMark();
    if (!files.outside.isEmpty()) {
      files.notes.add(
          "these files of the base are links to places outside its folder; what they lead to was"
              + " copied: "
              + brief(files.outside));
    }
    return files;
  }

  /** None, for a base that is given as one file. */
  static CompanionFiles none(Path folder) {
    return new CompanionFiles(folder);
  }

  /** Files that go along, relative to the folder. */
  List<Path> kept() {
    return kept;
  }

  /** Weight files that do not, relative to the folder; the merged ones among them. */
  List<Path> leftBehind() {
    return leftBehind;
  }

  /** What the user should know. */
  List<String> notes() {
    return notes;
  }

  /** Copies the kept files, with their folders, to {@code target}, which exists. */
  void copyTo(Path target) throws IOException {
    for (Path relative : kept) {
      Path to = target;
      for (int i = 0; i < relative.getNameCount() - 1; i++) {
        to = resolve(to, relative.getName(i));
        makeFolder(to);
      }
      to = resolve(to, relative.getFileName());
      if (configWithoutMark.length > 0 && relative.toString().equals(CONFIG)) {
        Files.write(to, configWithoutMark);
      } else {
        InputFile.copy(folder.resolve(relative), to);
      }
    }
  }

  /** Writes one of the kept files to a stream. */
  void copy(Path relative, OutputStream to) throws IOException {
    if (configWithoutMark.length > 0 && relative.toString().equals(CONFIG)) {
      to.write(configWithoutMark);
    } else {
      Files.copy(folder.resolve(relative), to);
    }
  }

  /** Python's JSON refuses the mark, so a model whose configuration has it could not be loaded. */
  private void lookForByteOrderMark() throws IOException {
    Path config = folder.resolve(CONFIG);
    if (kept.contains(folder.relativize(config))) {
      byte[] bytes = InputFile.read(config, MOST_BYTES);
      if (bytes.length > 3
          && bytes[0] == (byte) 0xEF
          && bytes[1] == (byte) 0xBB
          && bytes[2] == (byte) 0xBF) {
        configWithoutMark = Arrays.copyOfRange(bytes, 3, bytes.length);
        notes.add(
            "config.json of the base starts with a byte order mark, which transformers refuses; the"
                + " output's has none");
      }
    }
  }

  /** The name with its bytes as they are, which need not be text; as text to another system. */
  private static Path resolve(Path folder, Path name) {
    return folder.getFileSystem().equals(name.getFileSystem())
        ? folder.resolve(name)
        : folder.resolve(name.toString());
  }

  /** Makes one folder and never those above it: an output that was taken away stays away. */
  private static void makeFolder(Path path) throws IOException {
    try {
      Files.createDirectory(path);
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(path)) {
        throw e;
      }
    }
  }

  /** Where links of this model may lead without a word: its folder, or its part of a hub cache. */
  private static Path home(Path folder) {
    for (Path path = folder; path != null; path = path.getParent()) {
      Path parent = path.getParent();
      if (parent != null
          && String.valueOf(path.getFileName()).equals("snapshots")
          && Files.isDirectory(parent.resolve("blobs"))) {
        return parent;
      }
    }
    return folder;
  }

  private static String brief(List<String> names) {
    List<String> sorted = names.stream().sorted(NaturalOrder::compare).toList();
    return sorted.size() <= MOST_NAMES
        ? sorted.toString()
        : "%s and %d more".formatted(sorted.subList(0, MOST_NAMES), sorted.size() - MOST_NAMES);
  }

  private final class Sorter extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes)
        throws IOException {
      if (path.equals(folder)) {
        return FileVisitResult.CONTINUE;
      }
      String name = path.getFileName().toString();
      if (name.startsWith(".")) {
        return FileVisitResult.SKIP_SUBTREE;
      }
      if (TRAINING_FOLDER.matcher(name).matches()
          || InputFile.isThere(path.resolve("adapter_config.json"))) {
        training.add(folder.relativize(path) + "/");
        return FileVisitResult.SKIP_SUBTREE;
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
      String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
      Path relative = folder.relativize(path);
      if (name.startsWith(".")) {
        return FileVisitResult.CONTINUE;
      }
      if (TRAINING.matcher(name).matches()) {
        training.add(relative.toString());
      } else if (WEIGHTS.matcher(name).matches()) {
        leftBehind.add(relative);
      } else if (isFile(path, relative)) {
        kept.add(relative);
        if (attributes.isSymbolicLink() && !path.toRealPath().startsWith(home)) {
          outside.add(relative + " -> " + Files.readSymbolicLink(path));
        }
      }
      return FileVisitResult.CONTINUE;
    }

    private boolean isFile(Path path, Path relative) throws IOException {
      Optional<String> fault = InputFile.fault(path);
      fault.ifPresent(
          reason -> notes.add("%s of the base %s; it was not copied".formatted(relative, reason)));
      return fault.isEmpty();
    }
  }
}
