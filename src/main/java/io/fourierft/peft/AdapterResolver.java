package io.fourierft.peft;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.Randperm;
import io.fourierft.SpectralLocations;
import io.fourierft.WeightLayout;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.TensorInfo;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Binds one adapter to one base model. Used once. */
final class AdapterResolver {
  private static final int MOST_NAMES = 5;

  private final PeftAdapter adapter;
  private final FourierFtConfig config;
  private final BaseModel base;
  private final ResolveOptions options;
  private final ModuleMatcher matcher;
  private final BaseNames names;
  private final List<String> notes;
  private final Map<PlacesKey, SpectralLocations> places = new HashMap<>();
  private boolean flagTold;

  AdapterResolver(PeftAdapter adapter, BaseModel base, ResolveOptions options) {
    this.adapter = adapter;
    this.base = base;
    this.options = options;
    config = adapter.config();
    matcher = ModuleMatcher.of(config, base.modelType());
    names =
        BaseNames.between(
            adapter.modules().keySet(),
            adapter.extraTensors(),
            config.baseModelClass(),
            base,
            options.renames());
    notes = new ArrayList<>(adapter.notes());
  }

  ResolvedAdapter resolve() {
    noteNames();
    requireBaseModules();
    requireSpectra();
    ReplacedTensors replaced = new ReplacedTensors(adapter, base, names, matcher, notes);
    Map<String, ExtraTensor> replacements = replaced.resolve();
    List<ResolvedModule> modules = new ArrayList<>();
    for (AdapterModule module : adapter.modules().values()) {
      modules.add(resolve(module, replacements));
    }
    noteLayouts(modules);
    noteTorch(modules);
    return new ResolvedAdapter(
        modules,
        replacements,
        replaced.parts(),
        replaced.originals(),
        notes,
        names.naming().adapterPrefix(),
        names::currentName,
        replaced.newTensors());
  }

  private void noteNames() {
    BaseNaming naming = names.naming();
    if (!naming.equals(BaseNaming.SAME)) {
      notes.add(
          "the adapter's module names begin with '%s' where the base model's begin with '%s'"
              .formatted(naming.adapterPrefix(), naming.basePrefix()));
    } else if (names.isRenamed()) {
      notes.add(
          options.renames().isEmpty()
              ? "the adapter and the base model name the same weights differently, as transformers"
                  + " renames them when it loads"
              : "the adapter's names were changed as asked");
    }
  }

  /** Every spectrum must be one that the configuration asks for, of a module that exists. */
  private void requireBaseModules() {
    List<String> missing = new ArrayList<>();
    for (AdapterModule module : adapter.modules().values()) {
      if (config.targetModules() == null) {
        AdapterLoader.requireTargeted(module.key(), module.path(), matcher, config, "adapter");
      }
      if (names.module(module.path()) == null) {
        missing.add(module.path());
      }
    }
    if (missing.isEmpty()) {
      return;
    }
    QuantizedWeights.refusePacked(missing, names, base);
    String name = missing.getFirst();
    TensorInfo weight = base.tensors().get(names.naming().toBase(name) + ".weight");
    String found =
        weight == null
            ? "is not in the base model; " + NearestNames.hint(name, base.modules().keySet())
            : "has shape %s in the base model, and only linear layers are supported"
                .formatted(weight.shape());
    String remedy = weight == null ? RenameProposal.of(missing, base.modules().keySet()) : "";
    throw new PeftException(
        "'%s.weight', of a module that the adapter has a spectrum for, %s%s; give the base model that"
                .formatted(name, found, others(missing))
            + " the adapter was trained on"
            + remedy);
  }

  /** Every module that the configuration targets must have a spectrum, or its whole part none. */
  private void requireSpectra() {
    List<String> missing = new ArrayList<>();
    List<String> leftAlone = new ArrayList<>();
    ModelParts parts = new ModelParts(adapter.modules().keySet(), base.config().layers());
    for (BasePlace place : names.places()) {
      String path = names.toAdapter(place.module().name());
      if (adapter.module(path).isEmpty() && matcher.targets(path)) {
        boolean savedWhole =
            adapter.extraTensors().stream()
                .anyMatch(
                    extra ->
                        extra.kind() == ExtraTensor.Kind.SAVED_MODULE
                            && extra.baseTensor().equals(path + ".weight"));
        if (!savedWhole) {
          (parts.isLeftAlone(path) ? leftAlone : missing).add(path);
        }
      }
    }
    if (!leftAlone.isEmpty()) {
      notes.add(
          ("%d modules of the base model are targeted, but stand in parts that the adapter has no"
                  + " spectrum in, so the adapted model had none such; they stay as they are, as"
                  + " '%s'")
              .formatted(leftAlone.size(), leftAlone.getFirst()));
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

  private ResolvedModule resolve(AdapterModule module, Map<String, ExtraTensor> replacements) {
    BasePlace place = place(module);
    BaseModule baseModule = place.module();
    ExtraTensor replaced = replacements.get(place.tensor());
    if (replaced != null && !place.isPart() && replaced.shape().size() == 2) {
      // The layer was as large in training as what the adapter brings for it.
      baseModule = baseModule.withShape(replaced.shape());
    }
    if (!baseModule.isFloatingPoint()) {
      throw QuantizedWeights.refuse(baseModule);
    }
    WeightLayout layout = layout(baseModule);
    boolean transposed = layout == WeightLayout.IN_OUT;
    long rows = transposed ? baseModule.storedCols() : baseModule.storedRows();
    long cols = transposed ? baseModule.storedRows() : baseModule.storedCols();
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
                  + " the adapter was trained with such a torch, use Randperm.LEGACY")
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
    List<WeightSlice> slices =
        place.isPart()
            ? place.slices()
            : List.of(WeightSlice.whole(place.tensor(), baseModule.storedRows()));
    return new ResolvedModule(module.path(), slices, layout, fourier);
  }

  private BasePlace place(AdapterModule module) {
    BasePlace found = names.module(module.path());
    if (found == null) {
      throw new IllegalStateException(module.path() + " was not checked");
    }
    return NameReading.requireOrder(found, base);
  }

  private WeightLayout layout(BaseModule module) {
    return base.layout(module, options)
        .or(this::layoutByFlag)
        .orElseThrow(
            () ->
                new PeftException(
                    ("'%s.weight' of the base model is square, and nothing in its files tells"
                            + " whether it is stored [out, in] or [in, out]; fan_in_fan_out, %s, is"
                            + " that of the last module alone. Say it: ResolveOptions.layouts"
                            + " out-in or ResolveOptions.layouts in-out, with =PATTERN for some"
                            + " of the modules")
                        .formatted(module.name(), config.fanInFanOut())));
  }

  /**
   * What fan_in_fan_out proves of modules that nothing else tells of. PEFT saves that of the module
   * it made last. It is theirs if they are all one, numbers aside, and the last must be among them:
   * because the adapter has no other, or none of the others is stored so.
   */
  private Optional<WeightLayout> layoutByFlag() {
    Set<String> untold = new HashSet<>();
    Set<WeightLayout> told = EnumSet.noneOf(WeightLayout.class);
    for (AdapterModule module : adapter.modules().values()) {
      BaseModule found = place(module).module();
      base.layout(found)
          .ifPresentOrElse(told::add, () -> untold.add(LayoutEvidence.pattern(found.name())));
    }
    if (untold.size() != 1 || told.contains(flaggedLayout())) {
      return Optional.empty();
    }
    if (!flagTold) {
      flagTold = true;
      notes.add(
          "'%s.weight' is square; it is taken as %s, since fan_in_fan_out is %s"
              .formatted(
                  untold.iterator().next(), dimensions(flaggedLayout()), config.fanInFanOut()));
    }
    return Optional.of(flaggedLayout());
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

  /**
   * Some models, Llama-3.2-1B and TinyLlama among them, have layers of the one size that torch
   * misses.
   */
  private void noteTorch(List<ResolvedModule> modules) {
    modules.stream()
        .filter(module -> module.adapter().rows() == 2048 && module.adapter().cols() == 2048)
        .findFirst()
        .ifPresent(
            module ->
                notes.add(
                    ("'%s' is 2048 x 2048: there torch's ifft2 on the CPU with several threads"
                            + " gives a ΔW 2^22 times too small, so a merge by PEFT on the CPU"
                            + " differs; this one is by the definition")
                        .formatted(module.path())));
  }

  private record PlacesKey(int rows, int cols, int n) {}
}
