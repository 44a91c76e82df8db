package io.fourierft.bulk;

import io.fourierft.ModelFiles;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A small base model in two shards, and adapters of it. */
public final class BulkFixture {
  /** Coefficients of a module. */
  public static final int N = 12;

  private BulkFixture() {}

  /** A Llama of one layer, whose q_proj and v_proj stand in the first of its two shards. */
  public static Path base(Path folder) throws IOException {
    Files.createDirectories(folder);
    ModelFiles.write(
        folder.resolve("model-00001-of-00002.safetensors"),
        ModelFiles.matrix("model.layers.0.self_attn.q_proj.weight", DType.F32, 24, 20, 0.1, 1),
        ModelFiles.matrix("model.layers.0.self_attn.v_proj.weight", DType.BF16, 8, 20, 0.1, 2));
    ModelFiles.write(
        folder.resolve("model-00002-of-00002.safetensors"),
        ModelFiles.matrix("model.embed_tokens.weight", DType.BF16, 40, 20, 0.1, 3));
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        """
        {"metadata": {}, "weight_map": {
          "model.layers.0.self_attn.q_proj.weight": "model-00001-of-00002.safetensors",
          "model.layers.0.self_attn.v_proj.weight": "model-00001-of-00002.safetensors",
          "model.embed_tokens.weight": "model-00002-of-00002.safetensors"}}
        """);
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"llama\"}");
    return folder;
  }

  /** An adapter of both modules. */
  public static Path adapter(Path folder, long locationSeed, long seed) throws IOException {
    return ModelFiles.adapter(
        folder,
        N,
        30,
        locationSeed,
        "[\"q_proj\", \"v_proj\"]",
        "",
        ModelFiles.spectrum(
            "model.layers.0.self_attn.q_proj", DType.F32, ModelFiles.normal(N, 1, seed)),
        ModelFiles.spectrum(
            "model.layers.0.self_attn.v_proj", DType.F32, ModelFiles.normal(N, 1, seed + 1)));
  }

  /** Adapters {@code a00}, {@code a01} and so on in a folder. */
  public static List<AdapterSet> adapters(Path folder, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      adapter(folder.resolve(String.format(java.util.Locale.ROOT, "a%02d", i)), 2024, 100 + 2 * i);
    }
    return AdapterSets.inFolder(folder);
  }

  /** Makes an adapter's tensors fit no module. */
  public static void spoil(Path adapter) throws IOException {
    ModelFiles.write(
        adapter.resolve("adapter_model.safetensors"),
        ModelFiles.spectrum("model.layers.0.self_attn.q_proj", DType.F32, 1, 2, 3));
  }

  /** Every file in a folder that is not hidden, by its relative name, with its bytes' hash. */
  public static Map<String, String> files(Path folder) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        String name = folder.relativize(file).toString();
        if (!name.startsWith(".")) {
          files.put(name, java.util.Arrays.hashCode(Files.readAllBytes(file)) + "");
        }
      }
    }
    return files;
  }

  /** Hidden names in a folder. */
  public static List<String> hidden(Path folder) throws IOException {
    List<String> names = new ArrayList<>(ModelFiles.names(folder));
    names.removeIf(name -> !name.startsWith("."));
    return names;
  }
}
