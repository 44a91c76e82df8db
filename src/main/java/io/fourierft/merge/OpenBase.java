package io.fourierft.merge;

import io.fourierft.FourierException;
import io.fourierft.internal.files.FileStamp;
import io.fourierft.internal.files.InputFile;
import io.fourierft.peft.BaseModel;
import io.fourierft.peft.ModelConfig;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A base model that is open, for one adapter or for many: its files are mapped, and its headers and
 * {@code config.json} are read once.
 *
 * <p>Safe for any number of threads, as {@link SafetensorsCheckpoint} is.
 */
public final class OpenBase implements AutoCloseable {
  private final Path path;
  private final Path folder;
  private final SafetensorsCheckpoint checkpoint;
  private final Optional<BaseConfig> config;
  private final BaseModel model;
  private final List<FileStamp> stamps;
  private @Nullable Map<String, String> hashes;

  private OpenBase(
      Path path,
      Path folder,
      SafetensorsCheckpoint checkpoint,
      Optional<BaseConfig> config,
      List<FileStamp> stamps) {
    this.path = path;
    this.folder = folder;
    this.checkpoint = checkpoint;
    this.config = config;
    this.model = BaseModel.of(checkpoint, config.map(BaseConfig::model).orElse(ModelConfig.NONE));
    this.stamps = List.copyOf(stamps);
  }

  /**
   * Opens a base.
   *
   * @param base a folder with {@code model.safetensors} or {@code model.safetensors.index.json}, or
   *     such a file
   * @throws FourierException if it is no model, or one of its files breaks its format
   * @throws IOException if a file is missing or cannot be read
   */
  public static OpenBase open(Path base) throws IOException {
    BaseLocation.require(base);
    Path folder = folderOf(base);
    SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(base);
    try {
      // First, since it says best what is wrong with its file.
      Optional<BaseConfig> config = BaseConfig.read(folder);
      List<FileStamp> stamps = new ArrayList<>();
      for (Path file : files(folder, checkpoint)) {
        stamps.add(FileStamp.of(file));
      }
      return new OpenBase(base, folder, checkpoint, config, stamps);
    } catch (Throwable e) {
      try {
        checkpoint.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /** The folder whose other files belong to the model that {@code base} names. */
  static Path folderOf(Path base) throws IOException {
    if (InputFile.isFolder(base)) {
      return base;
    }
    Path parent = base.toAbsolutePath().getParent();
    return parent == null ? base.toAbsolutePath().getRoot() : parent;
  }

  private static List<Path> files(Path folder, SafetensorsCheckpoint checkpoint)
      throws IOException {
    List<Path> files = new ArrayList<>();
    checkpoint.shards().forEach(shard -> files.add(shard.file().path()));
    checkpoint.indexFileName().ifPresent(name -> files.add(InputFile.resolve(folder, name)));
    Path config = folder.resolve("config.json");
    if (InputFile.isThere(config)) {
      files.add(config);
    }
    return files;
  }

  /** What was opened, as it was given. */
  public Path path() {
    return path;
  }

  /** Its tensors; open as long as this is. */
  public SafetensorsCheckpoint checkpoint() {
    return checkpoint;
  }

  /** What adapters are bound to. */
  public BaseModel model() {
    return model;
  }

  /** The files that a merge reads: weights, index and {@code config.json}. */
  public List<Path> files() {
    return stamps.stream().map(FileStamp::path).toList();
  }

  /**
   * SHA-256 of its weight files, by their names; read for it once.
   *
   * @throws FourierException if a hub's cache says that a file should have another
   * @throws IOException if a file cannot be read
   */
  synchronized Map<String, String> hashes() throws IOException {
    Map<String, String> known = hashes;
    if (known == null) {
      known = InputHashes.of(checkpoint);
      hashes = known;
    }
    return known;
  }

  /**
   * Reads an adapter from its folder and binds it.
   *
   * @throws io.fourierft.peft.PeftException if it is broken or does not fit
   * @throws IOException if a file cannot be read
   */
  public ResolvedAdapter bind(Path adapter, ResolveOptions options) throws IOException {
    return PeftAdapter.open(adapter).resolve(model, options);
  }

  /**
   * Refuses to go on if a file of the base has changed since it was opened: by its size, or by the
   * time of its last change.
   *
   * @throws FourierException naming the file
   * @throws IOException if a file cannot be looked at
   */
  public void requireUnchanged() throws IOException {
    for (FileStamp stamp : stamps) {
      stamp.requireUnchanged();
    }
  }

  /** Its folder, or that of its file. */
  Path folder() {
    return folder;
  }

  /** What its {@code config.json} says, if it has one. */
  Optional<BaseConfig> config() {
    return config;
  }

  /**
   * Closes its files. Closing again does nothing.
   *
   * @throws IOException if one cannot be closed
   */
  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
