package io.fourierft.model;

import io.fourierft.Matrix;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.training.TrainableParameter;
import io.fourierft.training.TrainableSpectrum;
import io.fourierft.training.TrainableTensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is trained of one adapter of an {@link AdaptedModel}: PEFT's parameters with {@code
 * requires_grad}. A {@link ModelPass} adds the gradients of spectra and of adapted layers' biases;
 * those of heads and other tensors the program adds itself, to {@link ModelPass#gradient}.
 */
public final class AdapterParameters {
  private final Map<String, TrainableSpectrum> spectra;
  private final Map<String, TrainableTensor> heads;
  private final Map<String, TrainableTensor> biases;

  AdapterParameters(
      Map<String, TrainableSpectrum> spectra,
      Map<String, TrainableTensor> heads,
      Map<String, TrainableTensor> biases) {
    this.spectra = new LinkedHashMap<>(spectra);
    this.heads = new LinkedHashMap<>(heads);
    this.biases = new LinkedHashMap<>(biases);
  }

  /** Begins to train an adapter of a model: its parameters have the values of now. */
  static AdapterParameters of(String adapterName, ModelAdapter adapter, ModelLayers layers) {
    Map<String, TrainableTensor> heads = new LinkedHashMap<>();
    Map<String, TrainableTensor> biases = new LinkedHashMap<>();
    adapter
        .extras()
        .forEach(
            (tensor, extra) -> {
              Matrix values = adapter.values().get(tensor);
              String own = extra.baseTensor();
              if (values == null) {
                return;
              }
              if (adapter.isBias(tensor)) {
                biases.put(tensor, bias(own, tensor, values, layers));
              } else if (adapter.saves(tensor)) {
                int dot = own.lastIndexOf('.');
                String parameter =
                    own.substring(0, Math.max(0, dot))
                        + ".modules_to_save."
                        + adapterName
                        + own.substring(dot);
                heads.put(
                    tensor, TrainableTensor.of(parameter, values, layers.memory().zeros(values)));
              }
            });
    AdapterParameters none = new AdapterParameters(Map.of(), heads, biases);
    return none.withSpectra(adapterName, adapter, layers);
  }

  /**
   * The same, with new parameters for those spectra that a trainer on a device has closed; what was
   * trained of them is in the layers.
   */
  AdapterParameters renewed(String adapterName, ModelAdapter adapter, ModelLayers layers) {
    if (spectra.values().stream().noneMatch(TrainableSpectrum::isClosed)) {
      return this;
    }
    return withSpectra(adapterName, adapter, layers);
  }

  /** With a spectrum for each module, those that are not closed the same; all of them or none. */
  private AdapterParameters withSpectra(
      String adapterName, ModelAdapter adapter, ModelLayers layers) {
    Map<String, TrainableSpectrum> next = new LinkedHashMap<>();
    boolean complete = false;
    try {
      for (Map.Entry<String, ResolvedModule> module : adapter.modules().entrySet()) {
        String path = module.getKey();
        TrainableSpectrum open = spectrum(path);
        // As PEFT names its parameters.
        String parameter = module.getValue().path() + ".fourierft_spectrum." + adapterName;
        next.put(
            path,
            open != null
                ? open
                : TrainableSpectrum.of(parameter, layers.require(path), adapterName));
      }
      complete = true;
      return new AdapterParameters(next, heads, biases);
    } finally {
      if (!complete) {
        next.values().removeAll(spectra.values());
        next.values().forEach(TrainableSpectrum::close);
      }
    }
  }

  private static TrainableTensor bias(
      String own, String stored, Matrix values, ModelLayers layers) {
    return TrainableTensor.of(
        own, values, layers.memory().zeros(values), trained -> layers.updateBias(stored, trained));
  }

  /** The coefficients of each layer. */
  public List<TrainableSpectrum> spectra() {
    return List.copyOf(spectra.values());
  }

  /** The tensors of {@code modules_to_save}. */
  public List<TrainableTensor> heads() {
    return List.copyOf(heads.values());
  }

  /** The biases that {@code bias} asks for. */
  public List<TrainableTensor> biases() {
    return List.copyOf(biases.values());
  }

  /** All of them: spectra, heads, biases. */
  public List<TrainableParameter> all() {
    List<TrainableParameter> all = new ArrayList<>(spectra.values());
    all.addAll(heads.values());
    all.addAll(biases.values());
    return all;
  }

  /**
   * The trained coefficients of a layer by its path in the model of today, null if it has none, or
   * its trainer has closed them.
   */
  @Nullable TrainableSpectrum spectrum(String path) {
    TrainableSpectrum spectrum = spectra.get(path);
    return spectrum == null || spectrum.isClosed() ? null : spectrum;
  }

  /** Lets the layers' adapters show what is trained on a device. */
  void publishSpectra() {
    for (TrainableSpectrum spectrum : spectra.values()) {
      if (!spectrum.isClosed()) {
        spectrum.publish();
      }
    }
  }

  /** The gradient of a head's tensor or of a bias, null if it is not trained. */
  @Nullable Matrix gradient(TensorName tensor) {
    TrainableTensor trained = heads.getOrDefault(tensor.name(), biases.get(tensor.stored()));
    return trained == null ? null : trained.gradient();
  }

  /** Gives back what the parameters own. */
  void close() {
    all().forEach(TrainableParameter::close);
  }
}
