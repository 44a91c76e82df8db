package io.fourierft.peft;

import io.fourierft.FourierAdapter;
import io.fourierft.Randperm;
import io.fourierft.SpectralLocations;
import io.fourierft.internal.files.NaturalOrder;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An adapter as PEFT stores it, not bound to a base model: its configuration, the coefficients of
 * each layer in the file's own precision, and the tensors that it carries beside them. Immutable;
 * coefficients are held on the heap, the other tensors stay in their file until they are asked for.
 */
public final class PeftAdapter {
  /** Name of the tensor file in an adapter's directory. */
  public static final String FILE_NAME = "adapter_model.safetensors";

  /** The adapter that lies in a directory itself; any other lies in a folder of its name. */
  public static final String DEFAULT_NAME = "default";

  private final FourierFtConfig config;
  private final Map<String, AdapterModule> modules;
  private final List<ExtraTensor> extraTensors;
  private final List<ExtraTensor> originals;
  private final List<String> notes;

  PeftAdapter(
      FourierFtConfig config,
      Collection<AdapterModule> modules,
      Collection<ExtraTensor> extraTensors,
      List<ExtraTensor> originals,
      List<String> notes) {
    this.originals = List.copyOf(originals);
    this.config = config;
    Map<String, AdapterModule> ordered = new LinkedHashMap<>();
    modules.stream()
        .sorted((a, b) -> NaturalOrder.compare(a.path(), b.path()))
        .forEach(module -> ordered.put(module.path(), module));
    this.modules = Collections.unmodifiableMap(ordered);
    this.extraTensors =
        extraTensors.stream().sorted((a, b) -> NaturalOrder.compare(a.key(), b.key())).toList();
    this.notes = List.copyOf(notes);
  }

  /**
   * Reads the adapter in a directory.
   *
   * @param directory what PEFT's {@code save_pretrained} wrote: {@code adapter_config.json} and
   *     {@code adapter_model.safetensors}
   * @throws PeftException if one is missing or not what PEFT writes, or the two contradict each
   *     other; also for a pickle, {@code adapter_model.bin}, which is never opened
   * @throws io.fourierft.safetensors.SafetensorsException if the tensor file breaks its format
   * @throws IOException if a file cannot be read
   */
  public static PeftAdapter open(Path directory) throws IOException {
    return open(directory, DEFAULT_NAME);
  }

  /**
   * Reads one of several adapters that were saved together.
   *
   * @param adapterName {@link #DEFAULT_NAME} for the directory itself, else the name of a folder in
   *     it
   * @throws PeftException as {@link #open(Path)}, and if there is no adapter of that name; the
   *     message lists those that there are
   * @throws io.fourierft.safetensors.SafetensorsException if the tensor file breaks its format
   * @throws IOException if a file cannot be read
   */
  public static PeftAdapter open(Path directory, String adapterName) throws IOException {
    return AdapterLoader.load(AdapterDirectory.find(directory, adapterName));
  }

  /**
   * The names of the adapters in a directory, sorted, {@link #DEFAULT_NAME} first.
   *
   * @throws IOException if it cannot be read
   */
  public static List<String> adapterNames(Path directory) throws IOException {
    return AdapterDirectory.names(directory);
  }

  /**
   * An adapter made here, as after training.
   *
   * @param config its settings; {@code target_modules} must name the modules
   * @param adapters each layer's adapter by the layer's dotted path, with the configuration's
   *     scaling and with places that follow from its seed, since PEFT stores neither
   * @throws PeftException if the configuration does not give these layers, scalings or places
   */
  public static PeftAdapter of(FourierFtConfig config, Map<String, FourierAdapter> adapters) {
    ModuleMatcher matcher = ModuleMatcher.of(config, null);
    List<AdapterModule> modules = new ArrayList<>();
    adapters.forEach(
        (path, adapter) -> {
          requireStorable(config, matcher, path, adapter);
          modules.add(new AdapterModule(path, Spectrum.of(adapter.spectrum())));
        });
    return new PeftAdapter(config, modules, List.of(), List.of(), List.of());
  }

  /**
   * A new adapter for a base model, as PEFT's {@code get_peft_model} makes one: of every module
   * that the configuration targets, with coefficients that are zero, and with the base's own values
   * of what {@code modules_to_save} and {@code bias} train. Where {@code target_modules} is null it
   * has PEFT's default, and {@code modules_to_save} has the head of a {@code task_type} that trains
   * one.
   *
   * @param checkpoint the base model's, which must stay open as long as the values are wanted
   * @param given tensors of saved modules in place of the base's, or that the base does not have,
   *     by {@link ExtraTensor#saved}
   * @throws PeftException if nothing is targeted, a target is no linear layer, or a module to save
   *     is not there
   */
  public static PeftAdapter create(
      FourierFtConfig config,
      BaseModel base,
      SafetensorsCheckpoint checkpoint,
      List<ExtraTensor> given) {
    return new NewAdapter(base, checkpoint, given).of(config);
  }

  private static void requireStorable(
      FourierFtConfig config, ModuleMatcher matcher, String path, FourierAdapter adapter) {
    if (!matcher.hasTargets() || (matcher.isExact() && !matcher.targets(path))) {
      throw new PeftException(
          "target_modules does not name module '%s', so PEFT would ignore its spectrum; add it"
              .formatted(path));
    }
    if (adapter.scaling() != (float) config.scaling()) {
      throw new PeftException(
          "module '%s' has scaling %s, the configuration %s; PEFT stores one for all"
              .formatted(path, adapter.scaling(), config.scaling()));
    }
    SpectralLocations places = adapter.locations();
    for (Randperm randperm : Randperm.values()) {
      if (places.equals(
          SpectralLocations.of(
              places.rows(), places.cols(), places.nFrequency(), config.seedBits(), randperm))) {
        return;
      }
      if ((long) places.rows() * places.cols() < Randperm.INSIDE_OUT_THRESHOLD) {
        break;
      }
    }
    throw new PeftException(
        ("the places of module '%s' are not those of random_loc_seed %s, and PEFT stores the seed"
                + " alone; make them with SpectralLocations.of and that seed")
            .formatted(path, config.randomLocSeed()));
  }

  /** The same adapter with these tensors beside its coefficients. */
  public PeftAdapter withExtraTensors(List<ExtraTensor> newExtraTensors) {
    return new PeftAdapter(config, modules.values(), newExtraTensors, originals, notes);
  }

  /**
   * Binds the adapter to a base model: finds each layer's weight, checks that every layer that the
   * configuration targets has its coefficients and none is left over, and draws the places.
   *
   * <p>Layers of equal shape and number of coefficients share one {@link SpectralLocations}.
   *
   * @throws PeftException naming the module, the sizes and the nearest names
   */
  public ResolvedAdapter resolve(BaseModel base, ResolveOptions options) {
    return new AdapterResolver(this, base, options).resolve();
  }

  /** The settings. */
  public FourierFtConfig config() {
    return config;
  }

  /** The adapted layers by path, numbers in paths sorted as numbers; unmodifiable. */
  public Map<String, AdapterModule> modules() {
    return modules;
  }

  /** The adapted layer of that path, if the adapter has it. */
  public Optional<AdapterModule> module(String path) {
    return Optional.ofNullable(modules.get(path));
  }

  /** Modules saved whole, biases and embeddings, sorted by key. */
  public List<ExtraTensor> extraTensors() {
    return extraTensors;
  }

  /** What biases of modules saved whole were before training, by the names of the trained ones. */
  List<ExtraTensor> originals() {
    return originals;
  }

  /** What is odd about the files but no error, one sentence each. */
  public List<String> notes() {
    return notes;
  }

  /** Coefficients of all layers together. */
  public long coefficientCount() {
    return modules.values().stream().mapToLong(module -> module.spectrum().nFrequency()).sum();
  }

  @Override
  public String toString() {
    return "PeftAdapter[%d modules, %d coefficients]".formatted(modules.size(), coefficientCount());
  }
}
