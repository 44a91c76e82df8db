package io.fourierft.model;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.WeightLayout;
import io.fourierft.internal.host.ElementRuns;
import io.fourierft.layer.LayerGroup;
import io.fourierft.peft.BaseModel;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.PeftAdapterWriter;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.training.SpectrumInitialization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One adapter of a model, but for the coefficients, which its layers have.
 *
 * @param config its settings
 * @param modules its layers, bound to the base
 * @param extras the tensors that it brings whole, by their names in the adapted model
 * @param values those of them that hold floating-point numbers, raised to float32, where the model
 *     holds its tensors; what is trained is trained in this memory
 * @param prefix what the adapted model has before the names of the base's files
 */
record ModelAdapter(
    FourierFtConfig config,
    List<ResolvedModule> modules,
    Map<String, ExtraTensor> extras,
    Map<String, Matrix> values,
    String prefix) {

  /** A new adapter, its coefficients zero or drawn, as {@code init_weights} says. */
  static ModelAdapter created(
      PeftAdapter adapter, BaseModel base, AdaptedModelOptions options, TensorMemory memory)
      throws IOException {
    ModelAdapter zero = saved(adapter, base, options, memory);
    if (adapter.config().initWeights()) {
      return zero;
    }
    List<ResolvedModule> drawn = new ArrayList<>();
    long seed = options.initializationSeed();
    for (ResolvedModule module : zero.modules) {
      float[] spectrum =
          SpectrumInitialization.standardNormal(module.adapter().nFrequency(), seed++);
      drawn.add(
          new ResolvedModule(
              module.path(),
              module.slices(),
              module.layout(),
              module.adapter().withSpectrum(spectrum)));
    }
    return new ModelAdapter(zero.config, drawn, zero.extras, zero.values, zero.prefix);
  }

  /** An adapter that was saved: bound to the base, and what it brings beside its coefficients. */
  static ModelAdapter saved(
      PeftAdapter adapter, BaseModel base, AdaptedModelOptions options, TensorMemory memory)
      throws IOException {
    ResolvedAdapter resolved = adapter.resolve(base, options.resolve());
    Map<String, ExtraTensor> extras = new LinkedHashMap<>();
    Map<String, Matrix> values = new LinkedHashMap<>();
    for (ExtraTensor extra : adapter.extraTensors()) {
      extras.put(extra.baseTensor(), extra);
      Optional<ElementType> type = extra.dtype().elementType();
      if (type.isPresent()) {
        values.put(extra.baseTensor(), memory.place(floats(extra, type.get())));
      }
    }
    return new ModelAdapter(
        adapter.config(), resolved.modules(), extras, values, resolved.prefix());
  }

  private static HostMatrix floats(ExtraTensor extra, ElementType type) throws IOException {
    List<Long> shape = extra.shape();
    int count = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
    float[] values = new float[count];
    extra.data().lend(bytes -> new ElementRuns().load(bytes, type, 0, count, values, 0));
    int rows = shape.size() < 2 ? 1 : Math.toIntExact(shape.getFirst());
    return Matrix.of(values, rows, count / rows);
  }

  /** Whether the tensor is this adapter's own, and the base's where the adapter is not active. */
  boolean saves(String tensor) {
    ExtraTensor extra = extras.get(tensor);
    return extra != null && extra.kind() == ExtraTensor.Kind.SAVED_MODULE;
  }

  /** Whether the tensor takes the base's place as long as the adapter is there, as in PEFT. */
  boolean overwrites(String tensor) {
    ExtraTensor extra = extras.get(tensor);
    return extra != null && extra.kind() != ExtraTensor.Kind.SAVED_MODULE;
  }

  /** Whether the tensor is a bias that {@code bias} trains. */
  boolean isBias(String tensor) {
    ExtraTensor extra = extras.get(tensor);
    return extra != null && extra.kind() == ExtraTensor.Kind.BIAS && tensor.endsWith(".bias");
  }

  /** The paths of its modules. */
  List<String> paths() {
    return modules.stream().map(ResolvedModule::path).toList();
  }

  /** Writes it with the coefficients that its layers had at a moment. */
  void save(
      String name, LayerGroup.Moment moment, ModelLayers layers, Path folder, boolean overwrite)
      throws IOException {
    Map<String, FourierAdapter> adapters = new LinkedHashMap<>();
    for (ResolvedModule module : modules) {
      adapters.put(module.path(), layers.of(module).at(moment).adapter(name));
    }
    List<ExtraTensor> tensors = new ArrayList<>();
    extras.forEach(
        (tensor, extra) -> {
          Matrix value = values.get(tensor);
          tensors.add(
              value == null
                  ? extra
                  : extra.withFloats(use -> use.accept(layers.memory().read(value).data())));
        });
    // PEFT notes of the flag what held for the module that it made last.
    boolean transposed = modules.getLast().layout() == WeightLayout.IN_OUT;
    FourierFtConfig noted = config.toBuilder().fanInFanOut(transposed).build();
    PeftAdapterWriter.write(
        PeftAdapter.of(noted, adapters).withExtraTensors(tensors), folder, overwrite);
  }

  /** The tensors of modules that it saves whole. */
  List<String> savedTensors() {
    List<String> saved = new ArrayList<>();
    for (String tensor : extras.keySet()) {
      if (saves(tensor)) {
        saved.add(tensor);
      }
    }
    return saved;
  }
}
