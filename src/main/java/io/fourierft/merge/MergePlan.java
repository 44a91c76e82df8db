package io.fourierft.merge;

import io.fourierft.ElementType;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.ShardPlan;
import io.fourierft.safetensors.TensorDeclaration;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that a merge will do, found out and checked before the first byte is written: which tensors
 * go where, in which format, and what is added to each.
 */
final class MergePlan {
  private final MergeOptions options;
  private final SafetensorsCheckpoint base;
  private final Optional<BaseConfig> config;
  private final Map<String, List<OutputTensor.Delta>> deltas = new LinkedHashMap<>();
  private final Map<String, OutputTensor.Replacement> replacements = new LinkedHashMap<>();
  private final List<MergeResult.PlannedEdit> edits = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final Map<String, OutputTensor> tensors = new LinkedHashMap<>();
  private final ShardPlan shards;

  /**
   * Makes the plan.
   *
   * @param baseFolder the base's folder, or that of its file
   * @throws FourierException if an adapter does not fit the base, or the base cannot be merged into
   */
  MergePlan(SafetensorsCheckpoint base, Path baseFolder, List<Path> adapters, MergeOptions options)
      throws IOException {
    this.base = base;
    this.options = options;
    this.config = BaseConfig.read(baseFolder);
    notes.addAll(base.notes());
    refuseQuantized(baseFolder);
    List<Path> ordered = options.addition() == Addition.ADD ? adapters : adapters.reversed();
    AdapterBinding binding =
        new AdapterBinding(
            base,
            baseFolder,
            new ResolveOptions(options.randperm(), options.autocastAdapterDtype()));
    for (Path folder : ordered) {
      planAdapter(folder, binding);
    }
    noteTiedEmbeddings();
    for (SafetensorsCheckpoint.Location location : base.tensors().values()) {
      tensors.put(location.tensor().name(), output(location));
    }
    shards = shardPlan();
  }

  ShardPlan shards() {
    return shards;
  }

  OutputTensor tensor(String name) {
    OutputTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("no tensor " + name);
    }
    return tensor;
  }

  Optional<BaseConfig> config() {
    return config;
  }

  List<MergeResult.PlannedEdit> edits() {
    return edits;
  }

  List<String> notes() {
    return notes;
  }

  int untouchedTensors() {
    return (int) tensors.values().stream().filter(OutputTensor::isUntouched).count();
  }

  private void refuseQuantized(Path baseFolder) {
    config
        .flatMap(BaseConfig::quantization)
        .ifPresent(
            method -> {
              throw new FourierException(
                  ("%s says quantization_config (%s): its weights are packed and nothing can be"
                       + " added to them; merge into the unquantised model and quantise the result")
                      .formatted(baseFolder.resolve("config.json"), method));
            });
  }

  private void planAdapter(Path folder, AdapterBinding binding) throws IOException {
    String source = folder.toString();
    ResolvedAdapter resolved = binding.bind(folder);
    resolved.notes().forEach(note -> notes.add(source + ": " + note));
    for (ResolvedModule module : resolved.modules()) {
      TensorInfo weight = base.find(module.weight()).orElseThrow().tensor();
      requireComputable(weight);
      deltas
          .computeIfAbsent(weight.name(), name -> new ArrayList<>())
          .add(new OutputTensor.Delta(source, module.adapter(), module.layout()));
      edits.add(
          new MergeResult.PlannedEdit(
              weight.name(), source, "delta", module.adapter().nFrequency()));
    }
    Map<String, ExtraTensor> extras = resolved.replacements();
    if (options.addition() == Addition.ADD) {
      extras.forEach((tensor, extra) -> planReplacement(source, extra, tensor));
    } else if (!extras.isEmpty()) {
      notes.add(
          source
              + ": it had replaced "
              + extras.size()
              + " tensors whole (modules_to_save, biases or embeddings); what they were before is"
              + " not known, so they stay as they are");
    }
  }

  private void planReplacement(String source, ExtraTensor extra, String tensor) {
    SafetensorsCheckpoint.Location location =
        base.find(tensor)
            .orElseThrow(
                () ->
                    new FourierException(
                        ("%s brings '%s' for tensor '%s', which the base model does not have; give"
                                + " the base model that the adapter was trained on")
                            .formatted(source, extra.key(), tensor)));
    if (!location.tensor().shape().equals(extra.shape())) {
      throw new FourierException(
          ("%s brings '%s' of shape %s, but the base model's '%s' has %s; resize the base model as"
                  + " it was in training, and merge into that")
              .formatted(source, extra.key(), extra.shape(), tensor, location.tensor().shape()));
    }
    if (extra.dtype() != location.tensor().dtype()
        && (OutputTensor.elementType(extra.dtype()).isEmpty()
            || OutputTensor.elementType(location.tensor().dtype()).isEmpty())) {
      throw new FourierException(
          "%s brings '%s' as %s, but the base model's '%s' is %s, and one cannot become the other"
              .formatted(source, extra.key(), extra.dtype(), tensor, location.tensor().dtype()));
    }
    OutputTensor.Replacement before =
        replacements.put(tensor, new OutputTensor.Replacement(source, extra));
    if (before != null) {
      throw new FourierException(
          "both %s and %s bring tensor '%s' whole; only one adapter can, so merge one of them"
              .formatted(before.source(), source, tensor));
    }
    edits.add(new MergeResult.PlannedEdit(tensor, source, "replaced", 0));
  }

  private static void requireComputable(TensorInfo weight) {
    if (OutputTensor.elementType(weight.dtype()).isEmpty()) {
      throw new FourierException(
          ("tensor '%s' is %s: nothing can be added to packed or integer weights; merge into the"
                  + " unquantised model (F32, F16, BF16 or F64)")
              .formatted(weight.name(), weight.dtype()));
    }
  }

  private void noteTiedEmbeddings() {
    if (config.filter(BaseConfig::tiesWordEmbeddings).isEmpty()) {
      return;
    }
    for (MergeResult.PlannedEdit edit : edits) {
      String name = edit.tensor();
      if (name.endsWith("embed_tokens.weight")
          || name.endsWith("lm_head.weight")
          || name.endsWith("wte.weight")
          || name.endsWith("word_embeddings.weight")) {
        notes.add(
            "the base model ties its word embeddings (tie_word_embeddings): changing '"
                + name
                + "' changes input and output embedding alike");
      }
    }
  }

  private OutputTensor output(SafetensorsCheckpoint.Location location) {
    TensorInfo info = location.tensor();
    DType dtype = info.dtype();
    ElementType wanted = options.dtype();
    if (wanted != null && OutputTensor.elementType(dtype).isPresent()) {
      dtype = OutputTensor.dtype(wanted);
    }
    OutputTensor.Replacement replacement = replacements.get(info.name());
    return new OutputTensor(
        new TensorDeclaration(info.name(), dtype, info.shape()),
        location,
        replacement,
        deltas.getOrDefault(info.name(), List.of()));
  }

  /** The base's own files, each with its tensors in their order, or files of the size asked for. */
  private ShardPlan shardPlan() {
    Long limit = options.maxShardSizeInBytes();
    if (limit != null) {
      return ShardPlan.of(
          tensors.values().stream().map(OutputTensor::declaration).toList(), limit, base.stem());
    }
    List<ShardPlan.PlannedShard> planned = new ArrayList<>();
    for (SafetensorsCheckpoint.Shard shard : base.shards()) {
      List<TensorDeclaration> declarations = new ArrayList<>();
      for (String name : shard.file().tensors().keySet()) {
        declarations.add(tensor(name).declaration());
      }
      planned.add(new ShardPlan.PlannedShard(shard.fileName(), declarations));
    }
    return new ShardPlan(planned);
  }
}
