package io.fourierft.peft;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.Randperm;
import io.fourierft.SpectralLocations;
import io.fourierft.WeightLayout;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.TensorInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Binds one adapter to one base model. Used once. */
final class AdapterResolver {
  private static final int MOST_NAMES = 5;

  private final PeftAdapter adapter;
  private final FourierFtConfig config;
  private final BaseModel base;
  private final ResolveOptions options;
  private final ModuleMatcher matcher;
  private final BaseNaming naming;
  private final List<String> notes;
  private final Map<PlacesKey, SpectralLocations> places = new HashMap<>();

  AdapterResolver(PeftAdapter adapter, BaseModel base, ResolveOptions options) {
    this.adapter = adapter;
    this.base = base;
    this.options = options;
    config = adapter.config();
    matcher = ModuleMatcher.of(config, base.modelType());
    naming = BaseNaming.between(adapter.modules().keySet(), base.modules().keySet());
    notes = new ArrayList<>(adapter.notes());
  }

  ResolvedAdapter resolve() {
    if (!naming.equals(BaseNaming.SAME)) {
      notes.add(
          "the adapter's module names begin with '%s' where the base model's begin with '%s'"
              .formatted(naming.adapterPrefix(), naming.basePrefix()));
    }
    requireBaseModules();
    requireSpectra();
    Map<String, ExtraTensor> replacements = replacements();
    List<ResolvedModule> modules = new ArrayList<>();
    for (AdapterModule module : adapter.modules().values()) {
      modules.add(resolve(module));
    }
    noteLayouts(modules);
    return new ResolvedAdapter(modules, replacements, notes);
  }

  /** Every spectrum must be one that the configuration asks for, of a module that exists. */
  private void requireBaseModules() {
    List<String> missing = new ArrayList<>();
    for (AdapterModule module : adapter.modules().values()) {
      String name = naming.toBase(module.path());
      if (config.targetModules() == null) {
        AdapterLoader.requireTargeted(module.key(), module.path(), matcher, config, "adapter");
      }
      if (!base.modules().containsKey(name)) {
        missing.add(name);
      }
    }
    if (missing.isEmpty()) {
      return;
    }
    String name = missing.getFirst();
    TensorInfo weight = base.tensors().get(name + ".weight");
    String found =
        weight == null
            ? "is not in the base model; " + NearestNames.hint(name, base.modules().keySet())
            : "has shape %s in the base model, and only linear layers are supported"
                .formatted(weight.shape());
    throw new PeftException(
        "'%s.weight', of a module that the adapter has a spectrum for, %s%s; give the base model that"
                .formatted(name, found, others(missing))
            + " the adapter was trained on");
  }

  /** Every module that the configuration targets must have a spectrum. */
  private void requireSpectra() {
    List<String> missing = new ArrayList<>();
    for (BaseModule module : base.modules().values()) {
      String path = naming.toAdapter(module.name());
      if (adapter.module(path).isEmpty() && matcher.targets(path)) {
        missing.add(path);
      }
    }
    if (missing.isEmpty()) {
      return;
    }
    if (!matcher.isExact()) {
      notes.add(
          "target_modules is all-linear, but %d modules that look linear have no spectrum, as '%s'"
              .formatted(missing.size(), missing.getFirst()));
      return;
    }
    throw new PeftException(
        ("module '%s' of the base model is targeted but has no spectrum in %s%s; the file is not"
                + " whole, or the adapted model lacks the module: then name it in exclude_modules")
            .formatted(missing.getFirst(), PeftAdapter.FILE_NAME, others(missing)));
  }

  private static String others(List<String> names) {
    if (names.size() == 1) {
      return "";
    }
    String listed = String.join("', '", names.subList(1, Math.min(names.size(), MOST_NAMES)));
    int more = names.size() - MOST_NAMES;
    return " (the same holds for '%s'%s)"
        .formatted(listed, more > 0 ? " and " + more + " more" : "");
  }

  private Map<String, ExtraTensor> replacements() {
    Map<String, ExtraTensor> replacements = new LinkedHashMap<>();
    for (ExtraTensor extra : adapter.extraTensors()) {
      String name = naming.toBase(extra.baseTensor());
      if (!base.tensors().containsKey(name) && base.tensors().containsKey(extra.baseTensor())) {
        name = extra.baseTensor();
      }
      TensorInfo replaced = base.tensors().get(name);
      if (replaced == null) {
        noteOrRefuseNew(extra, name);
      } else if (!replaced.shape().equals(extra.shape())) {
        noteOrRefuseShape(extra, replaced);
      }
      replacements.put(name, extra);
    }
    for (String name : base.tensors().keySet()) {
      int dot = name.lastIndexOf('.');
      if (dot > 0
          && matcher.isSaved(naming.toAdapter(name.substring(0, dot)))
          && !replacements.containsKey(name)) {
        throw new PeftException(
            ("modules_to_save %s takes in '%s' of the base model, but the adapter has no such"
                    + " tensor; %s is not whole")
                .formatted(config.modulesToSave(), name, PeftAdapter.FILE_NAME));
      }
    }
    return replacements;
  }

  private void noteOrRefuseNew(ExtraTensor extra, String name) {
    if (extra.kind() == ExtraTensor.Kind.BIAS) {
      throw new PeftException(
          "bias '%s' of the adapter has no counterpart '%s' in the base model; %s"
              .formatted(extra.key(), name, NearestNames.hint(name, base.tensors().keySet())));
    }
    notes.add("tensor '%s' of the adapter is new: the base model has none".formatted(name));
  }

  private void noteOrRefuseShape(ExtraTensor extra, TensorInfo replaced) {
    if (extra.kind() == ExtraTensor.Kind.BIAS) {
      throw new PeftException(
          "bias '%s' of the adapter has shape %s, but '%s' of the base model has %s"
              .formatted(extra.key(), extra.shape(), replaced.name(), replaced.shape()));
    }
    notes.add(
        "tensor '%s' of the adapter changes the shape from %s to %s"
            .formatted(replaced.name(), replaced.shape(), extra.shape()));
  }

  private ResolvedModule resolve(AdapterModule module) {
    BaseModule baseModule = baseModule(module);
    WeightLayout layout = layout(baseModule);
    boolean transposed = layout == WeightLayout.IN_OUT;
    long rows = transposed ? baseModule.storedCols() : baseModule.storedRows();
    long cols = transposed ? baseModule.storedRows() : baseModule.storedCols();
    if (!baseModule.isFloatingPoint()) {
      throw new PeftException(
          "'%s.weight' of the base model is %s, not F64, F32, F16 or BF16: a quantised weight;"
                  .formatted(baseModule.name(), baseModule.describe())
              + " give the base model before quantisation");
    }
    int n = module.spectrum().nFrequency();
    if (rows < 1 || cols < 1 || rows > Integer.MAX_VALUE || cols > Integer.MAX_VALUE) {
      throw new PeftException(
          "'%s.weight' of the base model has shape %s, out of what is supported"
              .formatted(baseModule.name(), baseModule.weight().shape()));
    }
    long elements = rows * cols;
    if (n > elements) {
      throw new PeftException(
          ("module '%s' has %d coefficients, but its layer only out_features x in_features = %d x"
                  + " %d = %d elements; give the base model that the adapter was trained on")
              .formatted(module.path(), n, rows, cols, elements));
    }
    if (elements >= Randperm.INSIDE_OUT_THRESHOLD && options.randperm() == Randperm.TORCH) {
      notes.add(
          ("module '%s' has %d elements: for %d or more, torch before 2025 drew other places. If"
                  + " the adapter was trained with such a torch, use --legacy-randperm"
                  + " (Randperm.LEGACY)")
              .formatted(module.path(), elements, Randperm.INSIDE_OUT_THRESHOLD));
    }
    SpectralLocations locations =
        places.computeIfAbsent(
            new PlacesKey((int) rows, (int) cols, n),
            key ->
                SpectralLocations.of(
                    key.rows(), key.cols(), key.n(), config.seedBits(), options.randperm()));
    FourierAdapter fourier =
        FourierAdapter.of(locations, module.spectrum().toFloats(), config.scaling())
            .withDeltaType(deltaType(module, baseModule));
    return new ResolvedModule(module.path(), baseModule.weight().name(), layout, fourier);
  }

  private BaseModule baseModule(AdapterModule module) {
    BaseModule found = base.modules().get(naming.toBase(module.path()));
    if (found == null) {
      throw new IllegalStateException(module.path() + " was not checked");
    }
    return found;
  }

  private WeightLayout layout(BaseModule module) {
    Optional<WeightLayout> told = base.layout(module);
    if (told.isPresent()) {
      return told.get();
    }
    WeightLayout flagged = flaggedLayout();
    boolean proven = base.provenLayouts().contains(flagged);
    if (!proven && (flagged == WeightLayout.IN_OUT || !base.provenLayouts().isEmpty())) {
      notes.add(
          ("'%s.weight' is square and no shape tells how it is stored; it is taken as %s, since"
                  + " fan_in_fan_out is %s")
              .formatted(module.name(), dimensions(flagged), config.fanInFanOut()));
    }
    return flagged;
  }

  private WeightLayout flaggedLayout() {
    return config.fanInFanOut() ? WeightLayout.IN_OUT : WeightLayout.OUT_IN;
  }

  private static String dimensions(WeightLayout layout) {
    return layout == WeightLayout.IN_OUT ? "[in, out]" : "[out, in]";
  }

  private ElementType deltaType(AdapterModule module, BaseModule baseModule) {
    if (options.autocastAdapterDtype()) {
      return ElementType.F32;
    }
    DType stored = module.spectrum().dtype();
    if (stored == DType.F16) {
      return ElementType.F16;
    }
    if (stored == DType.BF16) {
      return ElementType.BF16;
    }
    DType weight = baseModule.weight().dtype();
    if (weight == DType.F16 || weight == DType.BF16) {
      notes.add(
          ("the spectrum of '%s' is %s on a %s weight: without autocast_adapter_dtype PEFT would"
                  + " round it, here it keeps its precision")
              .formatted(module.path(), stored, weight));
    }
    return ElementType.F32;
  }

  private void noteLayouts(List<ResolvedModule> modules) {
    WeightLayout flagged = flaggedLayout();
    if (modules.stream().noneMatch(module -> module.layout() == flagged)) {
      notes.add(
          "fan_in_fan_out is %s, but the base model stores every adapted weight %s, which holds"
              .formatted(config.fanInFanOut(), dimensions(modules.getFirst().layout())));
    }
  }

  private record PlacesKey(int rows, int cols, int n) {}
}
