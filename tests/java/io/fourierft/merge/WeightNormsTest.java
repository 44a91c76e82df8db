package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ‖W‖ of layers, against a sum over the elements that are theirs. */
class WeightNormsTest {
  @TempDir Path folder;
  private SmallMerge merge;
  private Path base;

  @BeforeEach
  void begin() {
    merge = new SmallMerge(folder);
    base = folder.resolve("base");
  }

  /** The norm of some rows of a stored tensor of 8 columns. */
  private double norm(String tensor, int fromRow, int toRow) throws IOException {
    double[] all = ModelFiles.elements(base, tensor);
    double[] rows = Arrays.copyOfRange(all, fromRow * SmallMerge.WIDTH, toRow * SmallMerge.WIDTH);
    return Math.sqrt(Arrays.stream(rows).map(value -> value * value).sum());
  }

  private void assertNorms(Map<String, Double> wanted) throws IOException {
    Path adapter = merge.adapter(List.copyOf(wanted.keySet()), "");
    try (OpenBase open = OpenBase.open(base)) {
      Map<String, Double> norms =
          WeightNorms.of(base, open.bind(adapter, ResolveOptions.defaults()).modules());
      assertEquals(wanted.keySet(), norms.keySet());
      wanted.forEach((path, norm) -> assertEquals(norm, norms.get(path), 1e-12 * norm, path));
    }
  }

  /** Wide and tall layers, as [out, in] or [in, out], of both formats. */
  @Test
  void aLayerHasTheNormOfItsWeight() throws IOException {
    Tensor half = ModelFiles.matrix("h.0.mlp.c_fc.weight", DType.BF16, 24, SmallMerge.WIDTH, 1, 3);
    merge.base("{\"model_type\": \"gpt2\"}", SmallMerge.matrix("h.1.mlp.c_fc.weight", 3, 4), half);
    assertNorms(
        Map.of(
            "h.0.mlp.c_fc", norm("h.0.mlp.c_fc.weight", 0, 24),
            "h.1.mlp.c_fc", norm("h.1.mlp.c_fc.weight", 0, 3)));
    merge = new SmallMerge(folder.resolve("linear"));
    base = folder.resolve("linear/base");
    Files.createDirectories(base);
    merge.base("{\"model_type\": \"llama\"}", SmallMerge.matrix("up_proj.weight", 24, 5));
    assertNorms(Map.of("up_proj", norm("up_proj.weight", 0, 24)));
  }

  /** Of a fused weight each layer has its own rows. */
  @Test
  void aPartHasTheNormOfItsRows() throws IOException {
    String fused = "encoder.layers.0.attn.Wqkv.weight";
    merge.base("{\"model_type\": \"nomic_bert\"}", SmallMerge.matrix(fused, 24, 1));
    Map<String, Double> wanted = new HashMap<>();
    for (String part : List.of("q", "k", "v")) {
      int row = 8 * wanted.size();
      wanted.put("layers.0.self_attn." + part + "_proj", norm(fused, row, row + 8));
    }
    assertNorms(wanted);
  }

  /** Of a layer that lies in two tensors, both count. */
  @Test
  void aJoinedLayerHasTheNormOfAllItsTensors() throws IOException {
    String stored = "language_model.model.layers.0.block_sparse_moe.";
    merge.base(
        "{\"model_type\": \"minimax_m3_vl\"}",
        SmallMerge.matrix(stored + "gate_proj.weight", 4, 1),
        SmallMerge.matrix(stored + "up_proj.weight", 4, 2));
    double gate = norm(stored + "gate_proj.weight", 0, 4);
    double up = norm(stored + "up_proj.weight", 0, 4);
    assertNorms(
        Map.of("model.language_model.layers.0.mlp.gate_up_proj", Math.sqrt(gate * gate + up * up)));
  }
}
