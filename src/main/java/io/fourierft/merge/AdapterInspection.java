package io.fourierft.merge;

import io.fourierft.peft.AdapterModule;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What an adapter holds, for showing it.
 *
 * @param config its settings
 * @param layers its layers, in order
 * @param extraTensors what it carries beside the coefficients
 * @param notes what the user should know
 */
public record AdapterInspection(
    FourierFtConfig config,
    List<Layer> layers,
    List<ExtraTensor> extraTensors,
    List<String> notes) {
  /** Copies the lists. */
  public AdapterInspection {
    layers = List.copyOf(layers);
    extraTensors = List.copyOf(extraTensors);
    notes = List.copyOf(notes);
  }

  /**
   * Reads an adapter.
   *
   * @param base the base model, or null: then no shapes are known
   * @throws io.fourierft.peft.PeftException if the adapter is broken or does not fit the base
   * @throws IOException if a file cannot be read
   */
  public static AdapterInspection open(Path adapter, @Nullable Path base, ResolveOptions options)
      throws IOException {
    PeftAdapter loaded = PeftAdapter.open(adapter);
    if (base == null) {
      return of(loaded, loaded.notes(), Map.of());
    }
    try (OpenBase opened = OpenBase.open(base)) {
      return bound(loaded, opened, options);
    }
  }

  /**
   * The same of many adapters, one call each, with a base that is open already.
   *
   * @throws io.fourierft.peft.PeftException if the adapter is broken or does not fit the base
   * @throws IOException if a file cannot be read
   */
  public static AdapterInspection of(Path adapter, OpenBase base, ResolveOptions options)
      throws IOException {
    return bound(PeftAdapter.open(adapter), base, options);
  }

  private static AdapterInspection bound(
      PeftAdapter loaded, OpenBase base, ResolveOptions options) {
    ResolvedAdapter resolved = loaded.resolve(base.model(), options);
    return of(
        loaded,
        resolved.notes(),
        resolved.modules().stream()
            .collect(Collectors.toMap(ResolvedModule::path, Function.identity())));
  }

  private static AdapterInspection of(
      PeftAdapter loaded, List<String> notes, Map<String, ResolvedModule> bound) {
    List<Layer> layers = new ArrayList<>();
    for (AdapterModule module : loaded.modules().values()) {
      layers.add(Layer.of(module, bound.get(module.path())));
    }
    return new AdapterInspection(loaded.config(), layers, loaded.extraTensors(), notes);
  }

  /**
   * One layer.
   *
   * @param path its path in the adapter
   * @param dtype how its coefficients are stored
   * @param nFrequency how many there are
   * @param spectrumNorm their Euclidean norm
   * @param largestCoefficient the largest magnitude among them
   * @param bound the layer in the base model; null if no base was given
   */
  public record Layer(
      String path,
      DType dtype,
      int nFrequency,
      double spectrumNorm,
      double largestCoefficient,
      @Nullable ResolvedModule bound) {
    private static Layer of(AdapterModule module, @Nullable ResolvedModule bound) {
      double squares = 0;
      double largest = 0;
      for (float coefficient : module.spectrum().toFloats()) {
        squares += (double) coefficient * coefficient;
        largest = Math.max(largest, Math.abs(coefficient));
      }
      return new Layer(
          module.path(),
          module.spectrum().dtype(),
          module.spectrum().nFrequency(),
          Math.sqrt(squares),
          largest,
          bound);
    }
  }
}
