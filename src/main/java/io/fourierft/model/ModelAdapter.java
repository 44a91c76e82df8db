package io.fourierft.model;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.WeightLayout;
import io.fourierft.internal.host.ElementRuns;
import io.fourierft.layer.LayerGroup;
import io.fourierft.peft.BaseModel;
import io.fourierft.peft.BaseTensor;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.PeftAdapterWriter;
import io.fourierft.peft.PeftException;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.peft.WeightSlice;
import io.fourierft.training.SpectrumInitialization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One adapter of a model, but for the coefficients, which its layers have.
 *
 * @param config its settings
 * @param modules its layers, bound to the base, by their paths in the model of today
 * @param extras the tensors that it brings whole: of modules that it saves by their names in the
 *     model of today, those that take the base's place by the names of what is stored there
 * @param copies by the same names further extras of the same tensor, as of a bias that is tied:
 *     PEFT writes it by both of its names
 * @param values those of them that hold floating-point numbers, raised to float32, where the model
 *     holds its tensors; what is trained is trained in this memory
 * @param places where in the base's files its layers' weights and extras are, by the file's tensor
 * @param names from a name in the model that PEFT adapted to the one in the model of today
 * @param ownNames those of its layers' weights and extras that the base alone would not understand,
 *     with the names in the model of today
 */
record ModelAdapter(
    FourierFtConfig config,
    Map<String, ResolvedModule> modules,
    Map<String, ExtraTensor> extras,
    Map<String, List<ExtraTensor>> copies,
    Map<String, Matrix> values,
    Map<String, List<BaseTensor>> places,
    UnaryOperator<String> names,
    Map<String, String> ownNames) {
  private static final String WEIGHT = ".weight";

  /** A new adapter, its coefficients zero or drawn, as {@code init_weights} says. */
  static ModelAdapter created(
      PeftAdapter adapter, BaseModel base, AdaptedModelOptions options, TensorMemory memory)
      throws IOException {
    ModelAdapter zero = saved(adapter, base, options, memory);
    if (adapter.config().initWeights()) {
      return zero;
    }
    Map<String, ResolvedModule> drawn = new LinkedHashMap<>();
    long[] seed = {options.initializationSeed()};
    zero.modules.forEach(
        (path, module) -> {
          float[] spectrum =
              SpectrumInitialization.standardNormal(module.adapter().nFrequency(), seed[0]++);
          drawn.put(
              path,
              new ResolvedModule(
                  module.path(),
                  module.slices(),
                  module.layout(),
                  module.adapter().withSpectrum(spectrum)));
        });
    return new ModelAdapter(
        zero.config,
        drawn,
        zero.extras,
        zero.copies,
        zero.values,
        zero.places,
        zero.names,
        zero.ownNames);
  }

  /** An adapter that was saved: bound to the base, and what it brings beside its coefficients. */
  static ModelAdapter saved(
      PeftAdapter adapter, BaseModel base, AdaptedModelOptions options, TensorMemory memory)
      throws IOException {
    ResolvedAdapter resolved = adapter.resolve(base, options.resolve());
    UnaryOperator<String> names = resolved.currentNames();
    TensorNames current = new TensorNames(base);
    Map<String, List<BaseTensor>> places = new HashMap<>();
    Map<String, String> ownNames = new HashMap<>();
    Map<String, ResolvedModule> modules = new LinkedHashMap<>();
    for (ResolvedModule module : resolved.modules()) {
      String weight = names.apply(module.path() + WEIGHT);
      modules.put(TensorNames.module(weight, module.path()), module);
      note(module.path() + WEIGHT, weight, base, places, ownNames);
    }
    Map<String, ExtraTensor> extras = new LinkedHashMap<>();
    Map<String, List<ExtraTensor>> copies = new HashMap<>();
    Map<String, Matrix> values = new LinkedHashMap<>();
    for (ExtraTensor extra : adapter.extraTensors()) {
      TensorName name = current.current(names.apply(extra.baseTensor()));
      String key = extra.kind() == ExtraTensor.Kind.SAVED_MODULE ? name.name() : name.stored();
      note(extra.baseTensor(), name.name(), base, places, ownNames);
      ExtraTensor other = extras.putIfAbsent(key, extra);
      Optional<ElementType> type = extra.dtype().elementType();
      if (other != null) {
        requireSame(other, extra);
        copies.computeIfAbsent(key, stored -> new ArrayList<>()).add(extra);
      } else if (type.isPresent()) {
        values.put(key, memory.place(floats(extra, type.get())));
      }
    }
    return new ModelAdapter(
        adapter.config(), modules, extras, copies, values, places, names, ownNames);
  }

  /** Two names of one tensor must bring one value, or nobody knows which holds. */
  private static void requireSame(ExtraTensor one, ExtraTensor other) throws IOException {
    boolean same = one.dtype() == other.dtype() && one.shape().equals(other.shape());
    if (same) {
      ElementType type = one.dtype().elementType().orElse(ElementType.F32);
      same = floats(one, type).data().mismatch(floats(other, type).data()) == -1;
    }
    if (!same) {
      throw new PeftException(
          "adapter brings '%s' and '%s' with different values, but the model ties the two"
              .formatted(one.key(), other.key()));
    }
  }

  private static void note(
      String own,
      String current,
      BaseModel base,
      Map<String, List<BaseTensor>> places,
      Map<String, String> ownNames) {
    if (!base.currentName(own).equals(current)) {
      ownNames.put(own, current);
    }
    base.tensor(current)
        .ifPresent(
            tensor -> {
              for (WeightSlice slice : tensor.slices()) {
                places.computeIfAbsent(slice.weight(), key -> new ArrayList<>()).add(tensor);
              }
            });
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
  boolean saves(String name) {
    ExtraTensor extra = extras.get(name);
    return extra != null && extra.kind() == ExtraTensor.Kind.SAVED_MODULE;
  }

  /** Whether the tensor takes the base's place as long as the adapter is there, as in PEFT. */
  boolean overwrites(String stored) {
    ExtraTensor extra = extras.get(stored);
    return extra != null && extra.kind() != ExtraTensor.Kind.SAVED_MODULE;
  }

  /** Whether the tensor is a bias that {@code bias} trains. */
  boolean isBias(String stored) {
    ExtraTensor extra = extras.get(stored);
    return extra != null && extra.kind() == ExtraTensor.Kind.BIAS && stored.endsWith(".bias");
  }

  /** Whether it adapts or brings the tensor of that name in the model of today. */
  boolean isOf(String name) {
    return extras.containsKey(name) || modules.containsKey(TensorNames.withoutLeaf(name));
  }

  /**
   * The name of what it adapts or brings that shares rows with a tensor of the base and is not the
   * same: a fused projection where the tensor is one of its parts, or the reverse; null if nothing
   * does.
   */
  @Nullable String inPieces(BaseTensor tensor) {
    for (WeightSlice slice : tensor.slices()) {
      for (BaseTensor own : places.getOrDefault(slice.weight(), List.of())) {
        if (!own.slices().equals(tensor.slices())
            && own.slices().stream().anyMatch(slice::overlaps)) {
          return own.name();
        }
      }
    }
    return null;
  }

  /** Writes it with the coefficients that its layers had at a moment. */
  void save(
      String name, LayerGroup.Moment moment, ModelLayers layers, Path folder, boolean overwrite)
      throws IOException {
    Map<String, FourierAdapter> adapters = new LinkedHashMap<>();
    modules.forEach(
        (path, module) ->
            adapters.put(module.path(), layers.require(path).at(moment).adapter(name)));
    List<ExtraTensor> tensors = new ArrayList<>();
    extras.forEach(
        (tensor, extra) -> {
          Matrix value = values.get(tensor);
          Stream.concat(Stream.of(extra), copies.getOrDefault(tensor, List.of()).stream())
              .map(
                  each ->
                      value == null
                          ? each
                          : each.withFloats(use -> use.accept(layers.memory().read(value).data())))
              .forEach(tensors::add);
        });
    // PEFT notes of the flag what held for the module that it made last.
    boolean transposed = List.copyOf(modules.values()).getLast().layout() == WeightLayout.IN_OUT;
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
