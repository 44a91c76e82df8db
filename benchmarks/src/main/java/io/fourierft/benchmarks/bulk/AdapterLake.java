package io.fourierft.benchmarks.bulk;

import io.fourierft.bulk.AdapterSet;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/** A base model and as many adapters of it as are asked for, made from a seed. */
final class AdapterLake {
  static final int MODULES = 5;
  static final int SIDE = 1024;
  static final int N_FREQUENCY = 1000;
  private static final String MODULE = "model.layers.%d.self_attn.q_proj";

  private AdapterLake() {}

  /** Bytes of the ΔWs of one adapter. */
  static long deltaBytes() {
    return (long) MODULES * SIDE * SIDE * Float.BYTES;
  }

  static Path base(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"llama\"}");
    List<TensorDeclaration> tensors = new ArrayList<>();
    for (int m = 0; m < MODULES; m++) {
      tensors.add(
          new TensorDeclaration(
              module(m) + ".weight", DType.BF16, List.of((long) SIDE, (long) SIDE)));
    }
    MemorySegment zeros = MemorySegment.ofArray(new byte[SIDE * SIDE * 2]);
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            folder.resolve("model.safetensors"), Map.of("format", "pt"), tensors)) {
      for (TensorDeclaration tensor : tensors) {
        writer.write(tensor.name(), zeros);
      }
      writer.commit();
    }
    return folder;
  }

  static List<AdapterSet> adapters(Path folder, int count) throws IOException {
    Random random = new Random(13);
    List<AdapterSet> sets = new ArrayList<>();
    List<TensorDeclaration> tensors = new ArrayList<>();
    for (int m = 0; m < MODULES; m++) {
      tensors.add(
          new TensorDeclaration(
              "base_model.model." + module(m) + ".fourierft_spectrum",
              DType.F32,
              List.of((long) N_FREQUENCY)));
    }
    float[] spectrum = new float[N_FREQUENCY];
    for (int i = 0; i < count; i++) {
      Path adapter = folder.resolve(String.format(Locale.ROOT, "a%05d", i));
      Files.createDirectories(adapter);
      Files.writeString(
          adapter.resolve("adapter_config.json"),
          """
          {"peft_type": "FOURIERFT", "n_frequency": %d, "scaling": 150.0, "random_loc_seed": 777,
           "target_modules": ["q_proj"]}
          """
              .formatted(N_FREQUENCY));
      try (SafetensorsWriter writer =
          SafetensorsWriter.create(
              adapter.resolve("adapter_model.safetensors"), Map.of("format", "pt"), tensors)) {
        for (TensorDeclaration tensor : tensors) {
          for (int k = 0; k < N_FREQUENCY; k++) {
            spectrum[k] = (float) random.nextGaussian();
          }
          writer.write(tensor.name(), MemorySegment.ofArray(spectrum));
        }
        writer.commit();
      }
      sets.add(AdapterSet.of(adapter));
    }
    return sets;
  }

  private static String module(int m) {
    return String.format(Locale.ROOT, MODULE, m);
  }
}
