package io.fourierft.merge;

import io.fourierft.internal.files.InputFile;
import io.fourierft.peft.BaseModel;
import io.fourierft.peft.ModelConfig;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Reads adapters from their folders and binds them to one open base model. */
final class AdapterBinding {
  private final BaseModel base;
  private final ResolveOptions options;

  /**
   * For one base.
   *
   * @param folder the base's folder, whose configuration tells its class
   */
  static AdapterBinding of(SafetensorsCheckpoint checkpoint, Path folder, ResolveOptions options)
      throws IOException {
    return new AdapterBinding(checkpoint, BaseConfig.read(folder), options);
  }

  AdapterBinding(
      SafetensorsCheckpoint checkpoint, Optional<BaseConfig> config, ResolveOptions options) {
    this.base = BaseModel.of(checkpoint, config.map(BaseConfig::model).orElse(ModelConfig.NONE));
    this.options = options;
  }

  /** The base that adapters are bound to. */
  BaseModel base() {
    return base;
  }

  /**
   * Reads and binds one adapter.
   *
   * @throws io.fourierft.peft.PeftException if it is broken or does not fit
   */
  ResolvedAdapter bind(Path folder) throws IOException {
    return bind(PeftAdapter.open(folder));
  }

  /** Binds one that is loaded. */
  ResolvedAdapter bind(PeftAdapter adapter) {
    return adapter.resolve(base, options);
  }

  /** The folder whose other files belong to the model that {@code base} names. */
  static Path folderOf(Path base) throws IOException {
    if (InputFile.isFolder(base)) {
      return base;
    }
    Path parent = base.toAbsolutePath().getParent();
    return parent == null ? base.toAbsolutePath().getRoot() : parent;
  }
}
