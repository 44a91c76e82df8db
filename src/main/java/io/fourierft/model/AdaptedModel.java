package io.fourierft.model;

import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.layer.AdapterNameException;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.LayerGroup;
import io.fourierft.merge.OpenBase;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.training.ParameterGroup;
import io.fourierft.training.TrainableParameter;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A base model with FourierFT adapters: PEFT's {@code PeftModel} ({@code src/peft/peft_model.py},
 * {@code src/peft/tuners/tuners_utils.py}) without a framework that runs it. The program computes;
 * this gives it the linear layers by their module paths, each with its adapters, and every other
 * tensor by name, and holds what belongs together: all layers' adapters change in one exchange.
 *
 * <pre>
 *   get_peft_model(base, config)               open(engine, folder, config, options)
 *   PeftModel.from_pretrained(base, folder)    open(engine, folder, adapterFolder, options)
 *   add_adapter, load_adapter                  {@link #addAdapter}
 *   set_adapter                                {@link #setActiveAdapters}
 *   merge_adapter, unmerge_adapter             {@link #merge}, {@link #unmerge}
 *   delete_adapter                             {@link #deleteAdapter}
 *   disable_adapter                            {@link #disableAdapters}, {@link #enableAdapters}
 *   parameters() that require a gradient       {@link #parameters}
 *   save_pretrained                            {@link #save}</pre>
 *
 * <p><b>Names.</b> A module or tensor may be called as in the model that an adapter was trained on,
 * as in that of transformers of today, or as in the base's files: {@code
 * vit.layers.0.attention.k_proj} or {@code vit.encoder.layer.0.attention.attention.key}. It is the
 * same one. Where one of these has a projection fused and another in parts, what an adapter has is
 * given only as the adapter has it.
 *
 * <p><b>Memory.</b> Weights are views of the files, which stay mapped until this is closed, or with
 * {@link ModelMemory#DEVICE} copies on the device, made one at a time; one is read when its layer
 * is first needed. What {@code modules_to_save} and {@code bias} train is held in float32 and
 * trained in place: a pass beside a step of the trainer may see some of its new numbers in such a
 * tensor of a head, never in a spectrum or a layer's bias.
 *
 * <p><b>Threads.</b> Any number of threads may call anything at once. A {@link ModelPass} computes
 * with the adapters, weights and flags of one moment; each pass belongs to one thread at a time.
 */
public final class AdaptedModel implements AutoCloseable {
  private final FourierEngine engine;
  private final OpenBase base;
  private final AdaptedModelOptions options;
  private final LayerGroup group = new LayerGroup();
  private final LayerGroup.Value<ModelState> state = group.share(ModelState.EMPTY);
  private final ModelLayers layers;
  private final NamedParts named;
  private final TrainedParameters trained;

  private AdaptedModel(FourierEngine engine, OpenBase base, AdaptedModelOptions options) {
    this.engine = engine;
    this.base = base;
    this.options = options;
    this.layers = new ModelLayers(engine, base, options, group, state);
    this.named = new NamedParts(layers, group, state, base.path());
    this.trained = new TrainedParameters(layers, state);
  }

  /**
   * Opens a base model with a new adapter.
   *
   * @param engine computes; must outlive the model
   * @param folder the base model's, or its safetensors file or index
   * @param config what is adapted, and how; {@code target_modules} may be null for PEFT's default
   * @throws io.fourierft.peft.PeftException if the configuration does not fit the base model
   * @throws FourierException if the folder holds no model, or one of its files breaks its format
   * @throws IOException if a file cannot be read
   */
  public static AdaptedModel open(
      FourierEngine engine, Path folder, FourierFtConfig config, AdaptedModelOptions options)
      throws IOException {
    return open(
        engine,
        folder,
        options,
        model -> model.addAdapter(options.adapterName(), config, options.newTensors()));
  }

  /**
   * Opens a base model with an adapter that was saved.
   *
   * @param adapter what PEFT's {@code save_pretrained}, or {@link #save}, wrote
   * @throws io.fourierft.peft.PeftException if the adapter is broken or of another base model
   * @throws FourierException if the folder holds no model, or one of its files breaks its format
   * @throws IOException if a file cannot be read
   */
  public static AdaptedModel open(
      FourierEngine engine, Path folder, Path adapter, AdaptedModelOptions options)
      throws IOException {
    return open(engine, folder, options, model -> model.addAdapter(options.adapterName(), adapter));
  }

  private static AdaptedModel open(
      FourierEngine engine, Path folder, AdaptedModelOptions options, FirstAdapter first)
      throws IOException {
    OpenBase base = OpenBase.open(folder);
    AdaptedModel model;
    try {
      model = new AdaptedModel(engine, base, options);
    } catch (Throwable e) {
      closeAfter(e, base);
      throw e;
    }
    try {
      first.addTo(model);
      return model;
    } catch (Throwable e) {
      closeAfter(e, model);
      throw e;
    }
  }

  private static void closeAfter(Throwable failure, AutoCloseable half) {
    try {
      half.close();
    } catch (Exception e) {
      failure.addSuppressed(e);
    }
  }

  /** What opening ends with. */
  private interface FirstAdapter {
    void addTo(AdaptedModel model) throws IOException;
  }

  /** The paths of the adapted modules, of one adapter after the other. */
  public List<String> modulePaths() {
    Map<String, String> paths = new LinkedHashMap<>();
    for (ModelAdapter adapter : state.now().adapters().values()) {
      adapter.modules().forEach((path, module) -> paths.putIfAbsent(path, module.path()));
    }
    return List.copyOf(paths.values());
  }

  /**
   * A linear layer: an adapted one, or any other module of the base with a weight of two
   * dimensions, for the program to compute with alike. It is the same object every time.
   *
   * @throws FourierException if there is no such module, or an adapter has it fused or in parts, or
   *     saves it whole: then take its {@link #tensor}
   */
  public FourierLinear layer(String path) {
    return named.layer(path, state.now()).linear();
  }

  /**
   * A tensor as it is now: the active adapter's, if it saves the tensor's module whole, else the
   * base's, {@code [first dimension, all others]}, or {@code [1, n]} of a vector. Not for writing.
   *
   * @throws FourierException if there is none of that name, or an adapter has it fused or in parts
   */
  public Matrix tensor(String name) {
    return named.tensor(name, state.now());
  }

  /** Names of all adapters, in the order added. */
  public List<String> adapterNames() {
    return List.copyOf(state.now().adapters().keySet());
  }

  /** Names of the active adapters, in order. */
  public List<String> activeAdapters() {
    return state.now().active();
  }

  /** Whether adapters take part in passes. */
  public boolean adaptersEnabled() {
    return state.now().enabled();
  }

  /** The settings of an adapter, with the targets and saved modules that followed from the base. */
  public FourierFtConfig config(String adapter) {
    return state.now().adapter(adapter).config();
  }

  /** Of which every layer is, and with which all that changes here is exchanged. */
  public LayerGroup group() {
    return group;
  }

  /**
   * Adds a new adapter; it becomes active if it is the only one.
   *
   * @param newTensors the first values of saved modules that stand for the base's or that it lacks
   * @throws AdapterNameException if the name is taken, blank or contains a dot
   * @throws io.fourierft.peft.PeftException if the configuration does not fit the base model, two
   *     adapters would train biases, or they call two tensors the same
   * @throws FourierException if it adapts or brings what the program computes with otherwise
   * @throws IOException if a tensor cannot be read
   */
  public void addAdapter(String name, FourierFtConfig config, List<ExtraTensor> newTensors)
      throws IOException {
    base.requireUnchanged();
    PeftAdapter adapter = PeftAdapter.create(config, base.model(), base.checkpoint(), newTensors);
    add(name, ModelAdapter.created(adapter, base.model(), options, layers.memory()));
  }

  /**
   * Adds an adapter that was saved; it becomes active if it is the only one.
   *
   * @throws AdapterNameException if the name is taken, blank or contains a dot
   * @throws io.fourierft.peft.PeftException if it is broken or of another base model, two adapters
   *     would train biases, or they call two tensors the same
   * @throws FourierException if it adapts or brings what the program computes with otherwise
   * @throws IOException if a file cannot be read
   */
  public void addAdapter(String name, Path folder) throws IOException {
    base.requireUnchanged();
    add(name, ModelAdapter.saved(PeftAdapter.open(folder), base.model(), options, layers.memory()));
  }

  private void add(String name, ModelAdapter adapter) {
    group.exchange(() -> new AdapterChange(state, layers).add(name, adapter));
  }

  /**
   * Makes exactly these adapters active on every layer that has them, in this order. Merged ones
   * are unmerged first, as PEFT does.
   *
   * @throws AdapterNameException if one is unknown or named twice
   * @throws FourierException if two of them save the same module whole
   */
  public void setActiveAdapters(List<String> names) {
    group.exchange(() -> new AdapterChange(state, layers).setActive(names));
  }

  /** Lets passes compute with the base alone; merged adapters are unmerged for good, as in PEFT. */
  public void disableAdapters() {
    group.exchange(() -> new AdapterChange(state, layers).disable());
  }

  /** Undoes {@link #disableAdapters}. */
  public void enableAdapters() {
    group.exchange(() -> new AdapterChange(state, layers).enable());
  }

  /** Merges the active adapters into every layer that has them. */
  public void merge(boolean safe) {
    group.exchange(() -> new AdapterChange(state, layers).merge(safe, state.now().active()));
  }

  /**
   * Merges adapters into every layer that has them, all layers or none.
   *
   * @param safe whether to refuse a merged weight that is not finite
   * @throws io.fourierft.layer.MergeException if {@code safe} refuses or adapters are disabled
   */
  public void merge(boolean safe, List<String> names) {
    group.exchange(() -> new AdapterChange(state, layers).merge(safe, names));
  }

  /**
   * Takes all merged adapters off every layer.
   *
   * @return whether anything was merged
   */
  public boolean unmerge() {
    return group.exchange(() -> new AdapterChange(state, layers).unmerge());
  }

  /**
   * Removes an adapter from every layer, and with it the tensors that it brought, whose memory on a
   * device is given back when the model closes, since passes may still compute with it. If it was
   * the last active one, the first of the others in sorted order becomes active.
   *
   * @throws io.fourierft.layer.MergeException if it is merged
   */
  public void deleteAdapter(String name) {
    group.exchange(
        () -> {
          new AdapterChange(state, layers).delete(name);
          trained.delete(name);
        });
  }

  /**
   * What is trained of an adapter; the same object every time, until a {@link Trainer} on a device
   * has closed it: then one that goes on with the values that were trained.
   *
   * @throws AdapterNameException if there is no such adapter
   */
  public AdapterParameters parameters(String adapter) {
    return group.exchange(() -> trained.of(adapter));
  }

  /** The parameters of those adapters that are being trained. */
  Map<String, AdapterParameters> trained() {
    return trained.all();
  }

  /**
   * A trainer of everything that is trained of the active adapters, in one group, with gradients of
   * zero; for groups of other learning rates make a {@link Trainer} of {@link #parameters}. One
   * that follows another goes on with the values, with moments of its own.
   *
   * @throws FourierException if no adapter is active
   */
  public Trainer trainer(double learningRate, double weightDecay, TrainerOptions trainerOptions) {
    List<TrainableParameter> all = new ArrayList<>();
    activeAdapters().forEach(name -> all.addAll(parameters(name).all()));
    Trainer trainer =
        Trainer.of(
            engine,
            List.of(new ParameterGroup("adapters", all, learningRate, weightDecay)),
            trainerOptions);
    try {
      trainer.clearGradients();
      return trainer;
    } catch (Throwable e) {
      closeAfter(e, trainer);
      throw e;
    }
  }

  /** A pass for inference, which keeps nothing for a backward pass. */
  public ModelPass newPass() {
    return new ModelPass(this, 0);
  }

  /**
   * A pass for training.
   *
   * @param tokens the most tokens of one call of a layer
   */
  public ModelPass newPass(int tokens) {
    if (tokens < 1) {
      throw new FourierException(
          "a pass for training is for 1 token or more, not "
              + tokens
              + "; newPass() keeps nothing");
    }
    return new ModelPass(this, tokens);
  }

  NamedParts named() {
    return named;
  }

  LayerGroup.Value<ModelState> state() {
    return state;
  }

  /**
   * Writes an adapter as PEFT's {@code save_pretrained} does: {@code adapter_config.json} and
   * {@code adapter_model.safetensors} with spectra, heads and biases of one moment. The folder
   * appears whole or not at all.
   *
   * @param overwrite whether an adapter that is there already is replaced
   * @throws AdapterNameException if there is no such adapter
   * @throws FourierException if the folder is not empty and may not be replaced; nothing is changed
   * @throws IOException if writing fails; the folder is as it was
   */
  public void save(String adapter, Path folder, boolean overwrite) throws IOException {
    AdapterParameters inTraining = trained.all().get(adapter);
    if (options.memory() == ModelMemory.DEVICE && inTraining != null) {
      // On a device coefficients change where they are, and the adapter shows them when asked.
      inTraining.publishSpectra();
    }
    LayerGroup.Moment moment = group.moment();
    state.at(moment).adapter(adapter).save(adapter, moment, layers, folder, overwrite);
  }

  /**
   * Closes the base model's files; its layers must not be used afterwards. Closing again does
   * nothing.
   *
   * @throws IOException if one cannot be closed
   */
  @Override
  public void close() throws IOException {
    trained.close();
    try {
      layers.close();
    } finally {
      base.close();
    }
  }
}
