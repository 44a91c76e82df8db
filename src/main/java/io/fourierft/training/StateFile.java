package io.fourierft.training;

import io.fourierft.FourierException;
import io.fourierft.internal.host.LittleEndian;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsFile;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The file in which training is interrupted: safetensors with four F32 tensors for each parameter,
 * and the counters and all settings as metadata. Every number is stored exactly, and nothing in it
 * tells which engine wrote it.
 */
final class StateFile {
  private static final String FORMAT = "fourierft-training-1";
  private static final String STEPS = "steps";
  private static final String SKIPPED = "skipped_steps";
  private static final String REFUSED = "refused_steps";
  private static final String GATHERED = "gathered_batches";
  private static final String SCHEDULE = "schedule";
  private static final String TOTAL_STEPS = "total_steps";
  private static final Set<String> COUNTERS = Set.of(STEPS, SKIPPED, REFUSED, GATHERED);

  private StateFile() {}

  /** Writes all that {@code update} holds; the file appears whole or not at all. */
  static void write(
      Path file,
      List<ParameterGroup> groups,
      TrainerOptions options,
      ParameterUpdate update,
      int gatheredBatches)
      throws IOException {
    Progress progress = update.awaitProgress();
    Map<String, String> metadata = settings(groups, options);
    metadata.put(STEPS, Long.toString(progress.steps()));
    metadata.put(SKIPPED, Long.toString(progress.skipped()));
    metadata.put(REFUSED, Long.toString(progress.refused()));
    metadata.put(GATHERED, Integer.toString(gatheredBatches));
    Map<String, Place> places = places(groups);
    List<TensorDeclaration> declarations =
        SafetensorsWriter.referenceOrder(
            places.entrySet().stream()
                .map(each -> new TensorDeclaration(each.getKey(), DType.F32, each.getValue().shape))
                .toList());
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, metadata, declarations)) {
      for (TensorDeclaration declaration : declarations) {
        Place place = place(places, declaration.name());
        float[] values = update.read(place.what, place.index);
        MemorySegment bytes = MemorySegment.ofArray(new int[values.length]);
        MemorySegment.copy(values, 0, bytes, LittleEndian.FLOAT, 0, values.length);
        writer.write(declaration.name(), bytes);
      }
      writer.commit();
    }
  }

  /**
   * Reads a file and checks all of it.
   *
   * @param differing what may be unlike the groups and options
   * @throws FourierException if it is of another training
   */
  static Contents read(
      Path file, List<ParameterGroup> groups, TrainerOptions options, Set<MayDiffer> differing)
      throws IOException {
    try (SafetensorsFile state = SafetensorsFile.open(file)) {
      Map<String, String> metadata = state.metadata();
      requireEqualSettings(file, metadata, settings(groups, options), differing);
      Progress progress =
          new Progress(
              count(file, metadata, STEPS),
              count(file, metadata, SKIPPED),
              count(file, metadata, REFUSED),
              Double.NaN);
      long gathered = count(file, metadata, GATHERED);
      if (gathered >= options.batchesPerStep()) {
        throw new FourierException(
            "%s cannot be restored: %d batches are gathered in it, but a step takes %d"
                .formatted(file, gathered, options.batchesPerStep()));
      }
      Map<String, Place> places = places(groups);
      if (!state.tensors().keySet().equals(places.keySet())) {
        throw new FourierException(
            "%s holds %s, but what is trained is %s"
                .formatted(file, state.tensors().keySet(), places.keySet()));
      }
      places.forEach((name, place) -> requireShape(file, state.tensor(name), place.shape));
      Contents contents = new Contents(progress, (int) gathered, new EnumMap<>(StateTensor.class));
      places.forEach(
          (name, place) ->
              contents
                  .tensors
                  .computeIfAbsent(place.what, what -> new LinkedHashMap<>())
                  .put(place.index, state.read(name, StateFile::floats)));
      return contents;
    }
  }

  private static float[] floats(MemorySegment bytes) {
    float[] values = new float[Math.toIntExact(bytes.byteSize() / Float.BYTES)];
    MemorySegment.copy(bytes, LittleEndian.FLOAT, 0, values, 0, values.length);
    return values;
  }

  /** Where each tensor of a file belongs. */
  private static Map<String, Place> places(List<ParameterGroup> groups) {
    Map<String, Place> places = new LinkedHashMap<>();
    int index = 0;
    for (ParameterGroup group : groups) {
      for (TrainableParameter parameter : group.parameters()) {
        for (StateTensor what : StateTensor.values()) {
          places.put(what.nameFor(parameter), new Place(what, index, shape(parameter)));
        }
        index++;
      }
    }
    return places;
  }

  private static Place place(Map<String, Place> places, String name) {
    Place place = places.get(name);
    if (place == null) {
      throw new IllegalStateException("no parameter is stored as " + name);
    }
    return place;
  }

  private static List<Long> shape(TrainableParameter parameter) {
    return parameter instanceof TrainableSpectrum
        ? List.of(parameter.size())
        : List.of((long) parameter.values().rows(), (long) parameter.values().cols());
  }

  /** All that must be alike. */
  private static Map<String, String> settings(List<ParameterGroup> groups, TrainerOptions options) {
    Map<String, String> text = new LinkedHashMap<>();
    text.put("format", FORMAT);
    text.put("beta1", Double.toString(options.beta1()));
    text.put("beta2", Double.toString(options.beta2()));
    text.put("epsilon", Double.toString(options.epsilon()));
    text.put(SCHEDULE, options.schedule().kind());
    long total = options.schedule().totalSteps();
    text.put(TOTAL_STEPS, total == LearningRateSchedule.ENDLESS ? "none" : Long.toString(total));
    text.put("batches_per_step", Integer.toString(options.batchesPerStep()));
    text.put("gradient_division", options.division().name());
    text.put("max_gradient_norm", Double.toString(options.maxGradientNorm()));
    text.put("non_finite_gradients", options.nonFinite().name());
    for (ParameterGroup group : groups) {
      text.put(rateKey(group.name()), Double.toString(group.learningRate()));
      text.put(decayKey(group.name()), Double.toString(group.weightDecay()));
      for (TrainableParameter parameter : group.parameters()) {
        text.put("group of parameter " + parameter.name(), group.name());
      }
    }
    return text;
  }

  private static String rateKey(String group) {
    return "learning_rate of group " + group;
  }

  private static String decayKey(String group) {
    return "weight_decay of group " + group;
  }

  private static void requireEqualSettings(
      Path file, Map<String, String> found, Map<String, String> wanted, Set<MayDiffer> differing) {
    Set<String> keys = new TreeSet<>(found.keySet());
    keys.addAll(wanted.keySet());
    keys.removeAll(COUNTERS);
    requireEqual(file, "format", found, wanted, differing);
    for (String key : keys) {
      requireEqual(file, key, found, wanted, differing);
    }
  }

  private static void requireEqual(
      Path file,
      String key,
      Map<String, String> found,
      Map<String, String> wanted,
      Set<MayDiffer> differing) {
    String stored = found.getOrDefault(key, "not there");
    String here = wanted.getOrDefault(key, "not there");
    if (stored.equals(here)) {
      return;
    }
    boolean inBoth = found.containsKey(key) && wanted.containsKey(key);
    List<MayDiffer> remedies = inBoth ? remedies(key) : List.of();
    if (remedies.stream().noneMatch(differing::contains)) {
      throw new FourierException(
          "%s cannot be restored here: its %s is %s, but this training's is %s%s"
              .formatted(
                  file,
                  key,
                  stored,
                  here,
                  remedies.isEmpty()
                      ? ""
                      : "; to go on with that of this training, restore with MayDiffer."
                          + remedies.getFirst()));
    }
  }

  private static List<MayDiffer> remedies(String key) {
    return switch (key) {
      case SCHEDULE -> List.of(MayDiffer.SCHEDULE);
      case TOTAL_STEPS -> List.of(MayDiffer.TOTAL_STEPS, MayDiffer.SCHEDULE);
      default ->
          key.startsWith(rateKey(""))
              ? List.of(MayDiffer.LEARNING_RATE)
              : key.startsWith(decayKey("")) ? List.of(MayDiffer.WEIGHT_DECAY) : List.of();
    };
  }

  private static long count(Path file, Map<String, String> metadata, String key) {
    String text = metadata.getOrDefault(key, "");
    if (!text.matches("\\d{1,9}")) {
      throw new FourierException(
          "%s cannot be restored: its %s is '%s', not a count".formatted(file, key, text));
    }
    return Long.parseLong(text);
  }

  private static void requireShape(Path file, TensorInfo tensor, List<Long> shape) {
    if (tensor.dtype() != DType.F32 || !tensor.shape().equals(shape)) {
      throw new FourierException(
          "%s cannot be restored: %s is %s %s, but must be F32 %s"
              .formatted(file, tensor.name(), tensor.dtype(), tensor.shape(), shape));
    }
  }

  private record Place(StateTensor what, int index, List<Long> shape) {}

  /**
   * A file that was read.
   *
   * @param progress how far it was
   * @param gatheredBatches batches in its gradients
   * @param tensors its numbers by parameter
   */
  record Contents(
      Progress progress, int gatheredBatches, Map<StateTensor, Map<Integer, float[]>> tensors) {
    /** Puts all of it in the place of what {@code update} holds. */
    void putInto(ParameterUpdate update) {
      update.beginRestoring();
      tensors.forEach(
          (what, byIndex) -> byIndex.forEach((index, values) -> update.write(what, index, values)));
      update.finishRestoring(progress);
    }
  }
}
