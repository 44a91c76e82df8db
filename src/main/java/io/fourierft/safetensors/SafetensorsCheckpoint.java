package io.fourierft.safetensors;

import io.fourierft.HostMatrix;
import io.fourierft.internal.files.InputFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One model: a safetensors file, or several with an index, all mapped until this is closed.
 *
 * <p>Safe for any number of threads, as {@link SafetensorsFile} is.
 */
public final class SafetensorsCheckpoint implements AutoCloseable {
  private static final int MOST_NAMES_IN_A_NOTE = 5;
  private static final Pattern NUMBERED = Pattern.compile("(.+)-\\d+-of-\\d+\\.safetensors");
  private static final Pattern INDEX =
      Pattern.compile(".+\\.safetensors\\.(.+\\.)?index(\\..+)?\\.json");
  private static final String EXTENSION = ".safetensors";

  /** What training leaves beside a model. */
  private static final Set<String> NO_WEIGHTS =
      Set.of("adapter_model.safetensors", "optimizer.safetensors");

  private static final List<String> STEMS = List.of("model", "diffusion_pytorch_model");

  private final Path path;
  private final List<Shard> shards;
  private final Map<String, Location> tensors;
  private final @Nullable CheckpointIndex index;
  private final String entryName;
  private final List<String> notes;

  private SafetensorsCheckpoint(
      Path path,
      List<Shard> shards,
      Map<String, Location> tensors,
      @Nullable CheckpointIndex index,
      String entryName,
      List<String> notes) {
    this.path = path;
    this.entryName = entryName;
    this.shards = List.copyOf(shards);
    this.tensors = Collections.unmodifiableMap(tensors);
    this.index = index;
    this.notes = List.copyOf(notes);
  }

  /**
   * Opens a model.
   *
   * @param path a safetensors file; an index (a file whose name ends in {@code .json}); or a folder
   *     with {@code model.safetensors} or, failing that, {@code model.safetensors.index.json}, or
   *     the same of diffusers ({@code diffusion_pytorch_model...}), or one such file of another
   *     name
   * @throws SafetensorsException if a file breaks a rule of the format, the index and the shards
   *     disagree, or the folder has no such file
   * @throws IOException if a file is missing or cannot be read
   */
  public static SafetensorsCheckpoint open(Path path) throws IOException {
    List<String> notes = new ArrayList<>();
    Path entry = InputFile.isFolder(path) ? find(path, notes) : path;
    if (entry.toString().endsWith(".json")) {
      return openIndexed(path, entry, notes);
    }
    return openSingle(path, entry, notes);
  }

  private static Path find(Path folder, List<String> notes) throws IOException {
    for (String stem : STEMS) {
      Path single = folder.resolve(stem + EXTENSION);
      Path indexed = folder.resolve(stem + EXTENSION + ".index.json");
      if (InputFile.isThere(single)) {
        if (InputFile.isThere(indexed)) {
          notes.add(indexed + " is ignored, because " + single.getFileName() + " lies beside it");
        }
        return single;
      }
      if (InputFile.isThere(indexed)) {
        return indexed;
      }
    }
    List<Path> indexes = new ArrayList<>();
    List<Path> shards = new ArrayList<>();
    List<Path> files = new ArrayList<>();
    List<Path> pickles = new ArrayList<>();
    try (DirectoryStream<Path> children = Files.newDirectoryStream(folder)) {
      for (Path child : children) {
        String name = InputFile.name(child);
        if (INDEX.matcher(name).matches()) {
          indexes.add(child);
        } else if (NUMBERED.matcher(name).matches()) {
          shards.add(child);
        } else if (name.endsWith(EXTENSION) && !NO_WEIGHTS.contains(name)) {
          files.add(child);
        } else if (name.startsWith("pytorch_model") && name.contains(".bin")) {
          pickles.add(child);
        }
      }
    }
    if (indexes.size() == 1) {
      return indexes.getFirst();
    }
    if (indexes.isEmpty() && shards.isEmpty() && files.size() == 1) {
      return files.getFirst();
    }
    throw nothingFound(folder, names(indexes), names(shards), names(files), names(pickles));
  }

  private static List<String> names(List<Path> paths) {
    return paths.stream().map(InputFile::name).sorted().toList();
  }

  private static SafetensorsException nothingFound(
      Path folder,
      List<String> indexes,
      List<String> shards,
      List<String> files,
      List<String> pickles) {
    String neither =
        "the folder has neither %s nor %s"
            .formatted(ShardPlan.SINGLE_FILE_NAME, CheckpointIndex.FILE_NAME);
    if (!indexes.isEmpty() || !files.isEmpty()) {
      List<String> others = indexes.isEmpty() ? files : indexes;
      return new SafetensorsException(
          folder, null, neither + ", but " + brief(others) + ": give one of these files itself");
    }
    if (!shards.isEmpty()) {
      return new SafetensorsException(
          folder,
          null,
          "%s, but shards without their index (%s); fetch the index that belongs to them"
              .formatted(neither, brief(shards)));
    }
    if (!pickles.isEmpty()) {
      return new SafetensorsException(
          folder,
          null,
          String.format(
              Locale.ROOT,
              "the folder has its weights only as a pickle (%s), which runs code when it is loaded"
                  + " and is not read here; convert it with transformers:"
                  + " AutoModel.from_pretrained(folder).save_pretrained(folder,"
                  + " safe_serialization=True)",
              brief(pickles)));
    }
    return new SafetensorsException(folder, null, neither);
  }

  private static SafetensorsCheckpoint openSingle(Path path, Path entry, List<String> notes)
      throws IOException {
    SafetensorsFile file = SafetensorsFile.open(entry);
    Shard shard = new Shard(InputFile.name(entry), file);
    Map<String, Location> tensors = LinkedHashMap.newLinkedHashMap(file.tensors().size());
    for (TensorInfo tensor : file.tensors().values()) {
      tensors.put(tensor.name(), new Location(shard, tensor));
    }
    return new SafetensorsCheckpoint(path, List.of(shard), tensors, null, shard.fileName(), notes);
  }

  private static SafetensorsCheckpoint openIndexed(Path path, Path entry, List<String> notes)
      throws IOException {
    CheckpointIndex index = CheckpointIndex.open(entry);
    List<Shard> shards = new ArrayList<>();
    try {
      for (String fileName : new TreeSet<>(index.weightMap().values())) {
        Path parent = entry.getParent();
        Path file = InputFile.resolve(parent == null ? Path.of("") : parent, fileName);
        if (!InputFile.isThere(file)) {
          throw new NoSuchFileException(
              file.toString(), null, "a shard that " + entry + " names is missing");
        }
        shards.add(new Shard(fileName, SafetensorsFile.open(file)));
      }
      Map<String, Location> tensors = collect(entry, shards);
      requireMapped(entry, index, tensors);
      noteDifferences(index, shards, tensors, notes);
      return new SafetensorsCheckpoint(path, shards, tensors, index, InputFile.name(entry), notes);
    } catch (Throwable e) {
      closeAll(shards, e);
      throw e;
    }
  }

  private static Map<String, Location> collect(Path entry, List<Shard> shards) {
    Map<String, Location> tensors = new LinkedHashMap<>();
    for (Shard shard : shards) {
      for (TensorInfo tensor : shard.file().tensors().values()) {
        Location before = tensors.putIfAbsent(tensor.name(), new Location(shard, tensor));
        if (before != null) {
          throw new SafetensorsException(
              entry,
              tensor.name(),
              String.format(
                  Locale.ROOT,
                  "it stands in two shards, %s and %s",
                  before.shard().fileName(),
                  shard.fileName()));
        }
      }
    }
    return tensors;
  }

  private static void requireMapped(
      Path entry, CheckpointIndex index, Map<String, Location> tensors) {
    index
        .weightMap()
        .forEach(
            (name, fileName) -> {
              Location location = tensors.get(name);
              if (location == null || !location.shard().fileName().equals(fileName)) {
                throw new SafetensorsException(
                    entry,
                    name,
                    String.format(
                        Locale.ROOT,
                        "weight_map places it in %s, which does not have it%s",
                        fileName,
                        location == null ? "" : "; " + location.shard().fileName() + " does"));
              }
            });
  }

  private static void noteDifferences(
      CheckpointIndex index,
      List<Shard> shards,
      Map<String, Location> tensors,
      List<String> notes) {
    for (Shard shard : shards) {
      List<String> unmapped =
          shard.file().tensors().keySet().stream()
              .filter(name -> !index.weightMap().containsKey(name))
              .toList();
      if (!unmapped.isEmpty()) {
        notes.add(
            String.format(
                Locale.ROOT,
                "%s has %d tensors that weight_map does not list: %s",
                shard.fileName(),
                unmapped.size(),
                brief(unmapped.stream().map(SafetensorsException::quote).toList())));
      }
    }
    long actual =
        tensors.values().stream().mapToLong(location -> location.tensor().sizeInBytes()).sum();
    index
        .totalSize()
        .ifPresent(
            claimed -> {
              if (claimed != actual) {
                notes.add(
                    String.format(
                        Locale.ROOT,
                        "the index claims a total_size of %d bytes, the tensors have %d",
                        claimed,
                        actual));
              }
            });
  }

  private static String brief(List<String> names) {
    if (names.size() <= MOST_NAMES_IN_A_NOTE) {
      return String.join(", ", names);
    }
    return String.join(", ", names.subList(0, MOST_NAMES_IN_A_NOTE))
        + " and "
        + (names.size() - MOST_NAMES_IN_A_NOTE)
        + " more";
  }

  /** What was opened, as it was given. */
  public Path path() {
    return path;
  }

  /** The files, sorted by name. */
  public List<Shard> shards() {
    return shards;
  }

  /** All tensors by name: shard by shard, within each in the order of the data; unmodifiable. */
  public Map<String, Location> tensors() {
    return tensors;
  }

  /** Where the tensor of that name is, if the model has it. */
  public Optional<Location> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /**
   * The tensor as a matrix over its file's memory, no copy, readable until this is closed; see
   * {@link SafetensorsFile#matrix}.
   *
   * @throws SafetensorsException if the model has no such tensor, or it is no matrix
   */
  public HostMatrix matrix(String name) {
    Location location = tensors.get(name);
    if (location == null) {
      throw new SafetensorsException(path, name, "the model has no such tensor");
    }
    return location.shard().file().matrix(name);
  }

  /** The index, if the model has one. */
  public Optional<CheckpointIndex> index() {
    return Optional.ofNullable(index);
  }

  /** The file name of the index, if the model has one. */
  public Optional<String> indexFileName() {
    return index == null ? Optional.empty() : Optional.of(entryName);
  }

  /**
   * What the names of its weight files begin with, before a shard's number: {@code model}, or
   * {@code diffusion_pytorch_model} of diffusers.
   */
  public String stem() {
    Matcher numbered = NUMBERED.matcher(shards.getFirst().fileName());
    if (numbered.matches()) {
      return numbered.group(1);
    }
    return index == null
        ? entryName.replaceFirst("\\.safetensors$", "")
        : entryName.replaceFirst("(\\.safetensors)?(\\.index)?\\.json$", "");
  }

  /** What is odd but no error, each a sentence for the user. */
  public List<String> notes() {
    return notes;
  }

  /**
   * Closes every file. Closing again does nothing.
   *
   * @throws IOException if one cannot be closed; the others are closed nevertheless
   */
  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (Shard shard : shards.reversed()) {
      try {
        shard.file().close();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static void closeAll(List<Shard> shards, Throwable failure) {
    for (Shard shard : shards.reversed()) {
      try {
        shard.file().close();
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
  }

  /**
   * One file of the model.
   *
   * @param fileName its name beside the index
   * @param file the open file, which the checkpoint owns and closes
   */
  public record Shard(String fileName, SafetensorsFile file) {}

  /**
   * A tensor and the file that holds it.
   *
   * @param shard the file
   * @param tensor what its header says
   */
  public record Location(Shard shard, TensorInfo tensor) {}
}
