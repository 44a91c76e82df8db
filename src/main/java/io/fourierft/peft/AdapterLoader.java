package io.fourierft.peft;

import io.fourierft.internal.files.InputFile;
import io.fourierft.safetensors.SafetensorsFile;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads an adapter's directory and holds the two files against each other. */
final class AdapterLoader {
  private static final String PICKLE = "adapter_model.bin";

  private final Path file;
  private final FourierFtConfig config;
  private final ModuleMatcher matcher;
  private final List<String> notes;
  private final List<AdapterModule> modules = new ArrayList<>();
  private final Map<String, ExtraTensor> extras = new HashMap<>();
  private final List<ExtraTensor> originals = new ArrayList<>();

  private AdapterLoader(Path file, ConfigDocument document) {
    this.file = file;
    config = document.config();
    matcher = ModuleMatcher.of(config, null);
    notes = new ArrayList<>(document.notes());
  }

  static PeftAdapter load(Path directory) throws IOException {
    ConfigDocument document = FourierFtConfig.open(directory.resolve(FourierFtConfig.FILE_NAME));
    Path file = directory.resolve(PeftAdapter.FILE_NAME);
    if (!InputFile.isThere(file)) {
      throw missing(directory, file);
    }
    AdapterLoader loader;
    try {
      loader = new AdapterLoader(file, document);
    } catch (PeftException e) {
      throw new PeftException(
          directory.resolve(FourierFtConfig.FILE_NAME) + ": " + e.getMessage(), e);
    }
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      for (TensorInfo tensor : tensors.tensors().values()) {
        loader.take(tensor, tensors);
      }
    }
    return loader.finish();
  }

  private static PeftException missing(Path directory, Path file) {
    if (Files.exists(directory.resolve(PICKLE))) {
      return new PeftException(
          ("%s has its tensors only as a pickle, %s, which runs code when it is loaded and is not"
                  + " read here; convert it with Python: import torch; from safetensors.torch"
                  + " import save_file; save_file({k: v.contiguous() for k, v in torch.load('%s',"
                  + " weights_only=True).items()}, '%s', {'format': 'pt'})")
              .formatted(directory, PICKLE, PICKLE, PeftAdapter.FILE_NAME));
    }
    return new PeftException(
        "cannot find '%s' at '%s'; give the directory that PEFT's save_pretrained wrote"
            .formatted(file.getFileName(), directory));
  }

  private void take(TensorInfo tensor, SafetensorsFile tensors) {
    if (AdapterKeys.isNeedless(tensor.name(), tensors.tensors().keySet())) {
      String trained = AdapterKeys.originalOf(tensor.name());
      if (trained != null) {
        String name = AdapterKeys.withoutPrefix(trained, file.toString());
        originals.add(extra(tensor, name, ExtraTensor.Kind.SAVED_MODULE));
      }
      notes.add(
          "%s: key '%s' repeats another, as PEFT writes it of a module saved whole, and is left out"
              .formatted(file, tensor.name()));
      return;
    }
    String name = AdapterKeys.withoutPrefix(tensor.name(), file.toString());
    String module = AdapterKeys.spectrumModule(name);
    if (module != null) {
      modules.add(new AdapterModule(module, spectrum(tensor, module, tensors)));
      return;
    }
    ExtraTensor.Kind kind = AdapterKeys.kind(name, config, matcher);
    if (kind == null) {
      throw new PeftException(
          ("%s: key '%s' is left over: it is no spectrum, and neither modules_to_save nor bias"
                  + " ('%s') asks for it; correct the configuration or remove the tensor")
              .formatted(file, tensor.name(), config.bias()));
    }
    if (tensor.elementCount() == 0) {
      throw empty(tensor);
    }
    ExtraTensor extra = extra(tensor, name, kind);
    ExtraTensor other = extras.putIfAbsent(extra.baseTensor(), extra);
    if (other != null) {
      throw new PeftException(
          "%s: keys '%s' and '%s' are both for '%s'; remove one"
              .formatted(file, other.key(), extra.key(), extra.baseTensor()));
    }
  }

  private ExtraTensor extra(TensorInfo tensor, String name, ExtraTensor.Kind kind) {
    return new ExtraTensor(
        tensor.name(),
        AdapterKeys.baseTensor(name),
        kind,
        tensor.dtype(),
        tensor.shape(),
        new TensorInFile(file, tensor));
  }

  private Spectrum spectrum(TensorInfo tensor, String module, SafetensorsFile tensors) {
    if (tensor.elementCount() == 0) {
      throw empty(tensor);
    }
    if (tensor.shape().size() != 1) {
      throw new PeftException(
          "%s: spectrum '%s' has shape %s; it must have one dimension of at least 1"
              .formatted(file, tensor.name(), tensor.shape()));
    }
    if (!Spectrum.isSupported(tensor.dtype())) {
      throw new PeftException(
          "%s: spectrum '%s' is of type %s, which is not supported; save the adapter as F32"
              .formatted(file, tensor.name(), tensor.dtype()));
    }
    if (tensor.sizeInBytes() > Integer.MAX_VALUE - 8) {
      throw new PeftException(
          "%s: spectrum '%s' has %d coefficients, more than are supported"
              .formatted(file, tensor.name(), tensor.elementCount()));
    }
    requireTargeted(tensor.name(), module);
    requireLength(tensor, module);
    Spectrum spectrum =
        tensors.<Spectrum, RuntimeException>read(
            tensor.name(), data -> Spectrum.of(tensor.dtype(), data));
    if (!spectrum.isExactInFloat32()) {
      notes.add(
          "%s: spectrum of '%s' is %s and is rounded to float32 for computing, not for saving"
              .formatted(file, module, spectrum.dtype()));
    }
    if (!spectrum.isFinite()) {
      notes.add(
          "%s: spectrum of '%s' holds numbers that are not finite, so its whole ΔW is not either"
              .formatted(file, module));
    }
    return spectrum;
  }

  private PeftException empty(TensorInfo tensor) {
    return new PeftException(
        ("%s: '%s' is empty, of shape %s: DeepSpeed's ZeRO-3 writes that when a process saves only"
                + " its own share; the values are not in the file, so gather the parameters when"
                + " you save (stage3_gather_16bit_weights_on_model_save) and save again")
            .formatted(file, tensor.name(), tensor.shape()));
  }

  private void requireTargeted(String key, String module) {
    // Null and "all-linear" are settled when the base model is known.
    if (!matcher.hasTargets() || !matcher.isExact()) {
      return;
    }
    requireTargeted(key, module, matcher, config, file.toString());
  }

  /** Refuses a spectrum that PEFT would silently ignore. */
  static void requireTargeted(
      String key, String module, ModuleMatcher matcher, FourierFtConfig config, String source) {
    String reason =
        switch (matcher.verdict(module)) {
          case TARGETED -> null;
          case NOT_TARGETED -> "target_modules and layers_to_transform do not take it in";
          case EXCLUDED ->
              matcher.isSaved(module)
                  ? "modules_to_save " + config.modulesToSave() + " takes it out"
                  : "exclude_modules takes it out";
        };
    if (reason != null) {
      throw new PeftException(
          "%s: spectrum '%s' is left over: module '%s' is not adapted, because %s; correct %s"
              .formatted(source, key, module, reason, FourierFtConfig.FILE_NAME));
    }
  }

  private void requireLength(TensorInfo tensor, String module) {
    int expected = matcher.nFrequency(module);
    long stored = tensor.elementCount();
    if (stored == expected) {
      return;
    }
    // PEFT sorts the keys of n_frequency_pattern when it saves, and the first that matches wins, so
    // the order of the training may be lost; but some key, or n_frequency, gave the length.
    boolean known =
        !config.nFrequencyPattern().isEmpty()
            && (stored == config.nFrequency()
                || config.nFrequencyPattern().values().stream().anyMatch(n -> n == stored));
    if (!known) {
      throw new PeftException(
          "%s: spectrum '%s' has %d coefficients, but the configuration says %d; correct %s"
              .formatted(file, tensor.name(), stored, expected, FourierFtConfig.FILE_NAME));
    }
    notes.add(
        ("%s: spectrum of '%s' has %d coefficients where n_frequency_pattern says %d; the stored"
                + " length holds")
            .formatted(file, module, stored, expected));
  }

  private PeftAdapter finish() {
    if (modules.isEmpty()) {
      throw new PeftException(
          "%s holds no spectrum (no key ends in '%s'); it is no FourierFT adapter of PEFT"
              .formatted(file, AdapterKeys.SPECTRUM));
    }
    return new PeftAdapter(config, modules, extras.values(), originals, notes);
  }

  /** A tensor that stays in its file, which is opened anew for each use. */
  private record TensorInFile(Path file, TensorInfo tensor) implements TensorData {
    @Override
    public void lend(Use use) throws IOException {
      try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
        TensorInfo now = tensors.tensor(tensor.name());
        if (now.dtype() != tensor.dtype() || !now.shape().equals(tensor.shape())) {
          throw new PeftException(
              "%s: tensor '%s' has changed since the adapter was loaded; load it again"
                  .formatted(file, tensor.name()));
        }
        tensors.<@Nullable Void, IOException>read(
            tensor.name(),
            data -> {
              use.accept(data);
              return null;
            });
      }
    }
  }
}
