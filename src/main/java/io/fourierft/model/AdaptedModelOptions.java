package io.fourierft.model;

import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.ResolveOptions;
import java.util.List;

/**
 * How an {@link AdaptedModel} is opened.
 *
 * @param adapterName the name of the adapter that it is opened with
 * @param resolve what an adapter's and a base model's files do not say
 * @param layers how its layers compute; their layout follows from the base model
 * @param initializationSeed where the coefficients of a new adapter come from if its {@code
 *     init_weights} is false: equal seeds give equal numbers. PEFT takes them from torch's global
 *     generator, whose state no file records
 * @param memory where weights, and what is trained, are held
 * @param newTensors the first values of saved modules that stand for the base model's, or that it
 *     lacks, as a head for other classes; by {@link ExtraTensor#saved}
 */
public record AdaptedModelOptions(
    String adapterName,
    ResolveOptions resolve,
    FourierLinearOptions layers,
    long initializationSeed,
    ModelMemory memory,
    List<ExtraTensor> newTensors) {
  /** Copies the list. */
  public AdaptedModelOptions {
    newTensors = List.copyOf(newTensors);
  }

  /** PEFT's name for a first adapter, no choices, seed 0, memory of the host. */
  public static AdaptedModelOptions defaults() {
    return new AdaptedModelOptions(
        PeftAdapter.DEFAULT_NAME,
        ResolveOptions.defaults(),
        FourierLinearOptions.defaults(),
        0,
        ModelMemory.HOST,
        List.of());
  }

  /** The same options with another name for the first adapter. */
  public AdaptedModelOptions withAdapterName(String name) {
    return new AdaptedModelOptions(name, resolve, layers, initializationSeed, memory, newTensors);
  }

  /** The same options with other facts about the files. */
  public AdaptedModelOptions withResolve(ResolveOptions newResolve) {
    return new AdaptedModelOptions(
        adapterName, newResolve, layers, initializationSeed, memory, newTensors);
  }

  /** The same options with other options of the layers. */
  public AdaptedModelOptions withLayers(FourierLinearOptions newLayers) {
    return new AdaptedModelOptions(
        adapterName, resolve, newLayers, initializationSeed, memory, newTensors);
  }

  /** The same options with another seed. */
  public AdaptedModelOptions withInitializationSeed(long seed) {
    return new AdaptedModelOptions(adapterName, resolve, layers, seed, memory, newTensors);
  }

  /** The same options with other memory. */
  public AdaptedModelOptions withMemory(ModelMemory newMemory) {
    return new AdaptedModelOptions(
        adapterName, resolve, layers, initializationSeed, newMemory, newTensors);
  }

  /** The same options with other first values. */
  public AdaptedModelOptions withNewTensors(List<ExtraTensor> tensors) {
    return new AdaptedModelOptions(
        adapterName, resolve, layers, initializationSeed, memory, tensors);
  }
}
