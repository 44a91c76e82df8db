package io.fourierft;

import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.ModuleSelection;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.PeftAdapterWriter;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntToDoubleFunction;

/** Base models and adapters of a few hundred numbers, for tests of merging. */
public final class TinyModel {
  /** The layers that {@link #write} makes: 12 outputs, 8 inputs each. */
  public static final List<String> LAYERS =
      List.of("model.layers.0.q_proj", "model.layers.0.v_proj", "model.layers.1.q_proj");

  /** out_features of each layer. */
  public static final int ROWS = 12;

  /** in_features of each layer. */
  public static final int COLS = 8;

  private TinyModel() {}

  /** A model folder: the layers, a norm of the same dtype, an I64 tensor, a configuration. */
  public static Path write(Path folder, DType dtype) throws IOException {
    Map<String, TensorDeclaration> tensors = new LinkedHashMap<>();
    for (String layer : LAYERS) {
      tensors.put(
          layer,
          new TensorDeclaration(layer + ".weight", dtype, List.of((long) ROWS, (long) COLS)));
    }
    tensors.put("norm", new TensorDeclaration("model.norm.weight", dtype, List.of(7L)));
    tensors.put("steps", new TensorDeclaration("steps", DType.I64, List.of(3L)));
    Files.createDirectories(folder);
    write(folder.resolve("model.safetensors"), List.copyOf(tensors.values()));
    Files.writeString(
        folder.resolve("config.json"),
        "{\n  \"model_type\": \"llama\",\n  \"torch_dtype\": \"float32\"\n}\n");
    Files.writeString(folder.resolve("tokenizer.json"), "{}\n");
    return folder;
  }

  /** A file of these tensors, in the reference's order, with random contents from a fixed seed. */
  public static void write(Path file, List<TensorDeclaration> tensors) throws IOException {
    Random random = new Random(file.getFileName().toString().hashCode());
    List<TensorDeclaration> ordered = SafetensorsWriter.referenceOrder(tensors);
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(file, Map.of("format", "pt", "made_by", "TinyModel"), ordered)) {
      for (TensorDeclaration tensor : ordered) {
        writer.write(tensor.name(), contents(tensor, random));
      }
      writer.commit();
    }
  }

  private static MemorySegment contents(TensorDeclaration tensor, Random random) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[Math.toIntExact(tensor.sizeInBytes())]);
    ElementType type =
        switch (tensor.dtype()) {
          case F64 -> ElementType.F64;
          case F32 -> ElementType.F32;
          case F16 -> ElementType.F16;
          case BF16 -> ElementType.BF16;
          default -> null;
        };
    if (type != null) {
      int count = Math.toIntExact(tensor.elementCount());
      HostMatrix values = new HostMatrix(bytes, type, 1, count, count);
      for (int i = 0; i < count; i++) {
        values.set(0, i, (float) random.nextGaussian());
      }
    }
    return bytes;
  }

  /** An adapter on {@code layers}, random from its seed. */
  public static Path adapter(Path folder, long seed, List<String> layers) throws IOException {
    Random random = new Random(seed);
    return adapter(folder, seed, layers, k -> 0.3 * random.nextGaussian());
  }

  /** An adapter whose coefficient k is {@code coefficient(k)}. */
  public static Path adapter(
      Path folder, long seed, List<String> layers, IntToDoubleFunction coefficient)
      throws IOException {
    int n = 20;
    Map<String, FourierAdapter> adapters = new LinkedHashMap<>();
    for (String layer : layers) {
      float[] spectrum = new float[n];
      for (int k = 0; k < n; k++) {
        spectrum[k] = (float) coefficient.applyAsDouble(k);
      }
      adapters.put(
          layer, FourierAdapter.of(SpectralLocations.of(ROWS, COLS, n, seed), spectrum, 30));
    }
    FourierFtConfig config =
        FourierFtConfig.builder()
            .nFrequency(n)
            .scaling(30)
            .randomLocSeed(seed)
            .targetModules(ModuleSelection.names(new ArrayList<>(layers).toArray(String[]::new)))
            .build();
    PeftAdapterWriter.write(PeftAdapter.of(config, adapters), folder, true);
    return folder;
  }
}
