package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A small model and what is done to it by the command line. */
abstract class ModelCommandTest {
  static final String CONFIG =
      """
      {"model_type": "llama", "torch_dtype": "float32", "hidden_size": 12}
      """;

  static final float[] TEN = ModelFiles.normal(10, 1, 9);
  static final String QUERY = "model.layers.0.self_attn.q_proj";
  static final String VALUE = "model.layers.0.self_attn.v_proj";

  @TempDir Path folder;
  Path results;

  @BeforeEach
  void makeResults() throws IOException {
    results = Files.createDirectory(folder.resolve("results"));
  }

  /** Embedding, two projections (24 x 12 and 12 x 12), a norm, an integer buffer. */
  Path base(String name, DType dtype, String config) throws IOException {
    return ModelFiles.model(
        folder.resolve(name),
        config,
        ModelFiles.matrix("model.embed_tokens.weight", dtype, 16, 12, 0.05, 1),
        ModelFiles.matrix(QUERY + ".weight", dtype, 24, 12, 0.05, 2),
        ModelFiles.matrix(VALUE + ".weight", dtype, 12, 12, 0.05, 3),
        ModelFiles.vector("model.norm.weight", dtype, 12, 4),
        ModelFiles.tensor("model.position_ids", DType.I32, List.of(1L, 4L), 0, 1, 2, 3));
  }

  Path base(DType dtype) throws IOException {
    return base("base", dtype, CONFIG);
  }

  /** An adapter of both projections. */
  Path adapter(String name, long seed, DType dtype) throws IOException {
    return ModelFiles.adapter(
        folder.resolve(name),
        10,
        20,
        seed,
        "[\"q_proj\", \"v_proj\"]",
        "",
        ModelFiles.spectrum(QUERY, dtype, ModelFiles.normal(10, 1, seed)),
        ModelFiles.spectrum(VALUE, dtype, ModelFiles.normal(10, 1, seed + 1)));
  }

  /** An adapter of the query projection alone, with further tensors and settings. */
  Path queryAdapter(String name, String more, float[] spectrum, Tensor... extras)
      throws IOException {
    List<Tensor> tensors = new ArrayList<>(List.of(extras));
    tensors.add(ModelFiles.spectrum(QUERY, DType.F32, spectrum));
    return ModelFiles.adapter(
        folder.resolve(name),
        spectrum.length,
        20,
        5,
        "[\"q_proj\"]",
        more,
        tensors.toArray(Tensor[]::new));
  }

  /** Runs a command on the CPU. */
  static CommandLineRun run(Object... arguments) {
    Object[] all = Arrays.copyOf(arguments, arguments.length + 2);
    all[arguments.length] = "--device";
    all[arguments.length + 1] = "cpu";
    return CommandLineRun.of(all);
  }

  CommandLineRun merge(Path base, Path adapter, Path out, Object... more) {
    List<Object> all =
        new ArrayList<>(List.of("merge", "--base", base, "--adapter", adapter, "--out", out));
    all.addAll(List.of(more));
    return run(all.toArray());
  }

  /** Checks success and gives the output. */
  static String succeeded(CommandLineRun run) {
    assertEquals(0, run.code(), run.err());
    return run.out();
  }

  static JsonNode json(CommandLineRun run) throws IOException {
    return JsonMapper.builder().build().readTree(succeeded(run));
  }

  /** Checks a failure that is explained in these words and has written nothing. */
  void refused(CommandLineRun run, String... words) throws IOException {
    assertEquals(1, run.code(), run.err());
    assertTrue(run.err().startsWith("fourierft: "), run.err());
    assertTrue(!run.err().contains("\tat "), () -> "no stack trace: " + run.err());
    for (String word : words) {
      assertTrue(run.err().contains(word), () -> "'" + word + "' in: " + run.err());
    }
    assertEquals(List.of(), ModelFiles.names(results), "nothing is written");
  }

  Path out() {
    return results.resolve("merged");
  }

  static void assertSame(Map<String, byte[]> expected, Map<String, byte[]> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, bytes) -> assertArrayEquals(bytes, actual.get(name), name));
  }
}
