package io.fourierft.spark;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.bulk.AdapterSets;
import io.fourierft.bulk.BulkListener;
import io.fourierft.bulk.BulkOptions;
import io.fourierft.bulk.DeltaJob;
import io.fourierft.bulk.MergeJob;
import io.fourierft.merge.MergeOptions;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A base in four shards and adapters of it. */
final class Samples {
  static final int LAYERS = 4;
  private static final int SIDE = 48;
  private static final int N = 20;
  private static final String MODULE = "model.layers.%d.self_attn.q_proj";

  private Samples() {}

  static Path base(Path folder) throws IOException {
    return base(folder, SIDE);
  }

  /** The same with square weights of another size. */
  static Path base(Path folder, int side) throws IOException {
    Files.createDirectories(folder);
    StringBuilder map = new StringBuilder();
    for (int i = 0; i < LAYERS; i++) {
      String file = "model-0000%d-of-0000%d.safetensors".formatted(i + 1, LAYERS);
      String name = MODULE.formatted(i) + ".weight";
      write(folder.resolve(file), DType.BF16, new String[] {name}, new long[] {side, side}, i);
      map.append("%s\"%s\": \"%s\"".formatted(i == 0 ? "" : ", ", name, file));
    }
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"metadata\": {}, \"weight_map\": {" + map + "}}");
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"llama\"}");
    Files.createDirectories(folder.resolve("extra"));
    Files.writeString(folder.resolve("extra/tokenizer.json"), "{}");
    return folder;
  }

  static Path adapter(Path folder, long seed) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve("adapter_config.json"),
        """
        {"peft_type": "FOURIERFT", "n_frequency": %d, "scaling": 100.0, "random_loc_seed": %d,
         "target_modules": ["q_proj"]}
        """
            .formatted(N, 1 + seed % 2));
    String[] names = new String[LAYERS];
    for (int i = 0; i < LAYERS; i++) {
      names[i] = "base_model.model." + MODULE.formatted(i) + ".fourierft_spectrum";
    }
    write(folder.resolve("adapter_model.safetensors"), DType.F32, names, new long[] {N}, 10 + seed);
    return folder;
  }

  static Path adapters(Path folder, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      adapter(folder.resolve("a%02d".formatted(i)), i);
    }
    return folder;
  }

  static void spoil(Path adapter) throws IOException {
    Path file = adapter.resolve("adapter_model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 3));
  }

  private static void write(Path file, DType type, String[] names, long[] shape, long seed)
      throws IOException {
    Random random = new Random(seed);
    List<TensorDeclaration> tensors = new ArrayList<>();
    for (String name : names) {
      tensors.add(new TensorDeclaration(name, type, Arrays.stream(shape).boxed().toList()));
    }
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(file, Map.of("format", "pt"), tensors)) {
      for (TensorDeclaration tensor : tensors) {
        byte[] bytes = new byte[(int) tensor.sizeInBytes()];
        for (int i = 0; i < bytes.length; i += type.bits() / 8) {
          float value = (float) random.nextGaussian() / 8;
          int bits = Float.floatToIntBits(value);
          if (type == DType.F32) {
            for (int b = 0; b < 4; b++) {
              bytes[i + b] = (byte) (bits >> (8 * b));
            }
          } else {
            bytes[i] = (byte) (bits >> 16);
            bytes[i + 1] = (byte) (bits >> 24);
          }
        }
        writer.write(tensor.name(), MemorySegment.ofArray(bytes));
      }
      writer.commit();
    }
  }

  /** All files in a folder but the jobs' own, by name, with hashes of their bytes. */
  static Map<String, Integer> files(Path folder) throws IOException {
    Map<String, Integer> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        String name = folder.relativize(file).toString();
        boolean own =
            name.startsWith(".fourierft")
                || name.startsWith("_fourierft-records")
                || name.startsWith("._fourierft");
        if (!own) {
          files.put(name, Arrays.hashCode(Files.readAllBytes(file)));
        }
      }
    }
    return files;
  }

  /** What one machine's job writes. */
  static Map<String, Integer> deltasOfOneMachine(Path base, Path adapters, Path out)
      throws IOException {
    try (FourierEngine engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu"))) {
      return deltasOfOneMachine(engine, base, adapters, out);
    }
  }

  /** The same by another engine. */
  static Map<String, Integer> deltasOfOneMachine(
      FourierEngine engine, Path base, Path adapters, Path out) throws IOException {
    try (DeltaJob job =
        DeltaJob.plan(
            base,
            AdapterSets.find(adapters),
            out,
            ResolveOptions.defaults(),
            BulkOptions.defaults())) {
      job.run(engine, BulkListener.NONE);
    }
    return files(out);
  }

  static Map<String, Integer> modelsOfOneMachine(Path base, Path adapters, Path out)
      throws IOException {
    return modelsOfOneMachine(base, adapters, out, MergeOptions.defaults());
  }

  static Map<String, Integer> modelsOfOneMachine(
      Path base, Path adapters, Path out, MergeOptions merge) throws IOException {
    try (FourierEngine engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu"));
        MergeJob job =
            MergeJob.plan(base, AdapterSets.find(adapters), out, merge, BulkOptions.defaults())) {
      job.run(engine, BulkListener.NONE);
    }
    return files(out);
  }

  static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
