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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The file in which training is interrupted: safetensors with four F32 tensors for each spectrum
 * and the counters and hyperparameters as metadata. Every number is stored exactly.
 */
final class TrainingState {
  private static final String FORMAT = "fourierft-adamw-1";

  private TrainingState() {}

  static void write(Path file, AdamW optimizer, int gatheredBatches) throws IOException {
    Map<String, float[]> tensors = memory(optimizer);
    List<TensorDeclaration> declarations =
        SafetensorsWriter.referenceOrder(
            tensors.entrySet().stream()
                .map(
                    tensor ->
                        new TensorDeclaration(
                            tensor.getKey(), DType.F32, List.of((long) tensor.getValue().length)))
                .toList());
    Map<String, String> metadata = new LinkedHashMap<>(hyperparameters(optimizer.options()));
    metadata.put("steps", Long.toString(optimizer.steps()));
    metadata.put("gathered_batches", Integer.toString(gatheredBatches));
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, metadata, declarations)) {
      for (TensorDeclaration declaration : declarations) {
        float[] values = tensors.getOrDefault(declaration.name(), new float[0]);
        byte[] bytes = new byte[4 * values.length];
        MemorySegment.copy(
            values, 0, MemorySegment.ofArray(bytes), LittleEndian.FLOAT, 0, values.length);
        writer.write(declaration.name(), MemorySegment.ofArray(bytes));
      }
      writer.commit();
    }
  }

  /** Fills {@code optimizer} from the file and returns the number of gathered batches. */
  static int read(Path file, AdamW optimizer) throws IOException {
    try (SafetensorsFile state = SafetensorsFile.open(file)) {
      Map<String, String> metadata = state.metadata();
      hyperparameters(optimizer.options())
          .forEach((key, wanted) -> requireEqual(file, key, metadata.get(key), wanted));
      long steps = count(file, metadata, "steps");
      int gatheredBatches = Math.toIntExact(count(file, metadata, "gathered_batches"));
      Map<String, float[]> tensors = memory(optimizer);
      if (!state.tensors().keySet().equals(tensors.keySet())) {
        throw new FourierException(
            "%s holds %s, but what is trained is %s"
                .formatted(file, state.tensors().keySet(), tensors.keySet()));
      }
      tensors.forEach((name, values) -> requireVector(file, state.tensor(name), values.length));
      tensors.forEach(
          (name, values) ->
              MemorySegment.copy(
                  state.data(name), LittleEndian.FLOAT, 0, values, 0, values.length));
      optimizer.restoreSteps(steps);
      optimizer.spectra().forEach(TrainableSpectrum::publish);
      return gatheredBatches;
    }
  }

  /** The arrays of the optimiser under the names of their tensors. */
  private static Map<String, float[]> memory(AdamW optimizer) {
    Map<String, float[]> tensors = new LinkedHashMap<>();
    for (int i = 0; i < optimizer.spectra().size(); i++) {
      TrainableSpectrum spectrum = optimizer.spectra().get(i);
      tensors.put(spectrum.name() + ".value", spectrum.valueMemory());
      tensors.put(spectrum.name() + ".gradient", spectrum.gradientMemory());
      tensors.put(spectrum.name() + ".exp_avg", optimizer.firstMoment(i));
      tensors.put(spectrum.name() + ".exp_avg_sq", optimizer.secondMoment(i));
    }
    return tensors;
  }

  private static Map<String, String> hyperparameters(AdamWOptions options) {
    Map<String, String> text = new LinkedHashMap<>();
    text.put("format", FORMAT);
    text.put("learning_rate", Double.toString(options.learningRate()));
    text.put("beta1", Double.toString(options.beta1()));
    text.put("beta2", Double.toString(options.beta2()));
    text.put("epsilon", Double.toString(options.epsilon()));
    text.put("weight_decay", Double.toString(options.weightDecay()));
    return text;
  }

  private static void requireEqual(Path file, String key, @Nullable String found, String wanted) {
    if (!wanted.equals(found)) {
      throw new FourierException(
          "%s cannot be restored here: its %s is %s, but this training's is %s"
              .formatted(file, key, found, wanted));
    }
  }

  private static long count(Path file, Map<String, String> metadata, String key) {
    String text = metadata.getOrDefault(key, "");
    if (!text.matches("\\d{1,9}")) {
      throw new FourierException(
          "%s cannot be restored: its %s is '%s', not a count".formatted(file, key, text));
    }
    return Long.parseLong(text);
  }

  private static void requireVector(Path file, TensorInfo tensor, int length) {
    if (tensor.dtype() != DType.F32 || !tensor.shape().equals(List.of((long) length))) {
      throw new FourierException(
          "%s cannot be restored: %s is %s %s, but must be F32 [%d]"
              .formatted(file, tensor.name(), tensor.dtype(), tensor.shape(), length));
    }
  }
}
