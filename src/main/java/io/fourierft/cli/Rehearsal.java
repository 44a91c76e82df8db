package io.fourierft.cli;

import io.fourierft.EngineOptions;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;

/**
 * Runs commands as users do, on a model of one layer, so that the virtual machine can write down
 * what a start needs ({@code -XX:AOTCacheOutput}). The launcher asks for it when it makes that
 * cache.
 */
final class Rehearsal {
  private static final int WIDTH = 64;
  private static final int COEFFICIENTS = 16;
  private static final String LAYER = "model.layers.0.self_attn.q_proj";

  private static final String ADAPTER_CONFIG =
      """
      {"peft_type": "FOURIERFT", "task_type": "CAUSAL_LM", "n_frequency": 16, "scaling": 300.0,
       "random_loc_seed": 777, "target_modules": ["q_proj"], "bias": "none", "fan_in_fan_out": false,
       "modules_to_save": null, "layers_to_transform": null, "layers_pattern": null,
       "n_frequency_pattern": {}, "init_weights": false}
      """;

  private Rehearsal() {}

  /** The kind of starts in which the program only speaks of itself; any other is for work. */
  private static final String TOLD = "told";

  private static final List<List<String>> OF_ITSELF =
      List.of(List.of("--version"), List.of("--help"), List.of("merge", "--help"));

  /**
   * Runs the commands and throws away what they say; ends with 1 if one of them fails.
   *
   * @param kind of the starts that will use it: what one loads and another does not need costs the
   *     other some of its time
   */
  static void main(String kind) throws IOException {
    int failures = run(OF_ITSELF);
    if (!kind.equals(TOLD)) {
      // That of the Vector API cannot be kept: a cache holds no incubating module, nor what reads
      // one.
      VectorLoading.load("jdk.net");
      failures += work();
    }
    System.exit(Math.min(1, failures));
  }

  private static int run(List<List<String>> commands) {
    int failures = 0;
    for (List<String> command : commands) {
      OutputStream nowhere = OutputStream.nullOutputStream();
      failures +=
          Main.run(
              new StandardOutput(nowhere),
              new PrintStream(nowhere, true, StandardCharsets.UTF_8),
              () -> {},
              command.toArray(String[]::new));
    }
    return failures;
  }

  private static int work() throws IOException {
    System.setProperty(EngineOptions.KERNELS_PROPERTY, "jtransforms");
    int failures = run(List.of(List.of("doctor")));
    System.setProperty(EngineOptions.DEVICE_PROPERTY, "cpu");
    Path folder = Files.createTempDirectory("fourierft-rehearsal");
    try {
      Path base = Files.createDirectory(folder.resolve("base"));
      Files.writeString(
          base.resolve("config.json"),
          "{\"model_type\": \"llama\", \"architectures\": [\"LlamaForCausalLM\"]}");
      write(
          base.resolve("model.safetensors"),
          new TensorDeclaration(LAYER + ".weight", DType.F32, List.of((long) WIDTH, (long) WIDTH)));
      Path adapter = Files.createDirectory(folder.resolve("adapter"));
      Files.writeString(adapter.resolve("adapter_config.json"), ADAPTER_CONFIG);
      write(
          adapter.resolve("adapter_model.safetensors"),
          new TensorDeclaration(
              "base_model.model." + LAYER + ".fourierft_spectrum",
              DType.F32,
              List.of((long) COEFFICIENTS)));
      String output = folder.resolve("merged").toString();
      return failures
          + run(
              List.of(
                  List.of("inspect", "--adapter", adapter.toString()),
                  List.of(
                      "merge",
                      "--base",
                      base.toString(),
                      "--adapter",
                      adapter.toString(),
                      "--out",
                      output,
                      "--check")));
    } finally {
      delete(folder);
    }
  }

  private static void write(Path file, TensorDeclaration tensor) throws IOException {
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(file, Map.of("format", "pt"), List.of(tensor))) {
      float[] values = new float[Math.toIntExact(tensor.sizeInBytes() / Float.BYTES)];
      for (int i = 0; i < values.length; i++) {
        values[i] = i % 7 - 3;
      }
      writer.write(tensor.name(), MemorySegment.ofArray(values));
      writer.commit();
    }
  }

  private static void delete(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path emptied, IOException failure)
              throws IOException {
            Files.delete(emptied);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
