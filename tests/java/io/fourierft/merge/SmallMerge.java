package io.fourierft.merge;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A base and adapters that a test makes, and what the merge of them writes. */
final class SmallMerge {
  /** What PEFT has before the names of whole tensors. */
  static final String CARRIED = "base_model.model.";

  /** Columns of every matrix. */
  static final int WIDTH = 8;

  // Of one thread, the caller's: there is nothing to close that the process's end does not.
  static final FourierEngine ENGINE =
      FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1));

  static final String QUERY = "model.layers.0.self_attn.q_proj";
  static final String EMBEDDING = "model.embed_tokens.weight";
  static final String HEAD = "lm_head.weight";

  private final Path folder;
  private final List<Path> adapters = new ArrayList<>();

  SmallMerge(Path folder) {
    this.folder = folder;
  }

  /** A float32 matrix of that many rows; the seed says which. */
  static Tensor matrix(String name, int rows, long seed) {
    return ModelFiles.matrix(name, DType.F32, rows, WIDTH, 1, seed);
  }

  /** The same as an adapter carries it. */
  static Tensor carried(String name, int rows, long seed) {
    return matrix(CARRIED + name, rows, seed);
  }

  Path base(String config, Tensor... tensors) throws IOException {
    return ModelFiles.model(folder.resolve("base"), config, tensors);
  }

  /** A base of these tensors, one projection, and an embedding of 12 words. */
  void decoder(String config, Tensor... more) throws IOException {
    List<Tensor> tensors = new ArrayList<>(List.of(more));
    tensors.add(matrix(QUERY + ".weight", 8, 1));
    tensors.add(matrix(EMBEDDING, 12, 2));
    base(config, tensors.toArray(Tensor[]::new));
  }

  /**
   * Adds an adapter with ΔWs of these modules and whole tensors.
   *
   * @param more further members of its configuration, each with a comma before it
   */
  Path adapter(List<String> modules, String more, Tensor... whole) throws IOException {
    List<Tensor> tensors = new ArrayList<>(List.of(whole));
    List<String> targets = new ArrayList<>();
    for (String module : modules) {
      tensors.add(ModelFiles.spectrum(module, DType.F32, 3, -2));
      targets.add('"' + module.substring(module.lastIndexOf('.') + 1) + '"');
    }
    Path adapter =
        ModelFiles.adapter(
            folder.resolve("adapter-" + adapters.size()),
            2,
            100,
            7,
            targets.toString(),
            more,
            tensors.toArray(Tensor[]::new));
    adapters.add(adapter);
    return adapter;
  }

  MergeResult run() throws IOException {
    return run(MergeOptions.defaults());
  }

  /** Merges all adapters; what an earlier run wrote is replaced. */
  MergeResult run(MergeOptions options) throws IOException {
    return ModelMerge.run(
        ENGINE,
        folder.resolve("base"),
        adapters,
        out(),
        options.withOverwrite(true).withCheck(true),
        ProgressListener.NONE);
  }

  Path out() {
    return folder.resolve("out");
  }

  Set<String> names() throws IOException {
    return ModelFiles.contents(out()).keySet();
  }

  byte[] bytes(String tensor) throws IOException {
    return ModelFiles.contents(out()).get(tensor);
  }

  JsonNode config() throws IOException {
    return new ObjectMapper().readTree(Files.readAllBytes(out().resolve("config.json")));
  }
}
