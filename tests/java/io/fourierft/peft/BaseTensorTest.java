package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.HostMatrix;
import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tensors of a model of today out of files that hold them whole, fused or in pieces. */
class BaseTensorTest {
  private static final String KIMI =
      "{\"model_type\": \"kimi_k25\", \"vision_config\": {\"num_attention_heads\": %d}}";

  private static final String KIMI_ATTENTION = "model.vision_tower.layers.0.attn.";
  private static final Tensor ROTARY =
      numbered("vision_tower.encoder.blocks.0.wqkv.weight", DType.F32, 24, 3, 0);

  @TempDir Path folder;

  /** Every element is the row that it stands in, and a quarter for each column. */
  private static Tensor numbered(String name, DType dtype, int rows, int cols, int first) {
    float[] values = new float[rows * cols];
    for (int i = 0; i < values.length; i++) {
      values[i] = first + i / cols + i % cols / 4f;
    }
    return ModelFiles.tensor(name, dtype, List.of((long) rows, (long) cols), values);
  }

  private static List<Float> column(HostMatrix matrix, int col) {
    List<Float> values = new ArrayList<>();
    for (int row = 0; row < matrix.rows(); row++) {
      values.add(matrix.get(row, col));
    }
    return values;
  }

  private static void assertRows(List<Float> rows, HostMatrix matrix) {
    assertEquals(rows, column(matrix, 0));
    assertEquals(rows.stream().map(row -> row + 0.5f).toList(), column(matrix, 2));
  }

  private SafetensorsCheckpoint checkpoint(String config, Tensor... tensors) throws IOException {
    return SafetensorsCheckpoint.open(ModelFiles.model(folder, config, tensors));
  }

  private static HostMatrix matrix(SafetensorsCheckpoint checkpoint, String config, String name) {
    BaseModel base = BaseModel.of(checkpoint, ModelConfig.parse(config, "config.json"));
    return base.tensor(name).orElseThrow().matrix(checkpoint);
  }

  @Test
  void aWholeTensorIsSeenWhereItLies() throws IOException {
    try (SafetensorsCheckpoint checkpoint =
        checkpoint(
            "{}",
            numbered("q.weight", DType.F16, 3, 4, 0),
            ModelFiles.tensor("q.bias", DType.F32, List.of(2L), 5, 6),
            ModelFiles.tensor("scale", DType.F32, List.of(), 7),
            ModelFiles.tensor("conv.weight", DType.F32, List.of(2L, 1L, 2L), 1, 2, 3, 4))) {
      HostMatrix weight = matrix(checkpoint, "{}", "q.weight");
      assertRows(List.of(0f, 1f, 2f), weight);
      assertTrue(weight.data().isReadOnly());
      HostMatrix bias = matrix(checkpoint, "{}", "q.bias");
      assertEquals(1, bias.rows());
      assertEquals(6, bias.get(0, 1));
      assertEquals(7, matrix(checkpoint, "{}", "scale").get(0, 0));
      HostMatrix kernel = matrix(checkpoint, "{}", "conv.weight");
      assertEquals(2, kernel.cols());
      assertEquals(List.of(2f, 4f), column(kernel, 1));
    }
  }

  @Test
  void aPartIsItsRowsOfTheFusedTensor() throws IOException {
    String jina = "{\"model_type\": \"jina_embeddings_v3\"}";
    try (SafetensorsCheckpoint checkpoint =
        checkpoint(
            jina,
            numbered("encoder.layers.0.mixer.Wqkv.weight", DType.BF16, 6, 3, 0),
            ModelFiles.tensor(
                "encoder.layers.0.mixer.Wqkv.bias", DType.F32, List.of(6L), 0, 1, 2, 3, 4, 5))) {
      HostMatrix key = matrix(checkpoint, jina, "layers.0.self_attn.k_proj.weight");
      assertRows(List.of(2f, 3f), key);
      assertTrue(key.data().isReadOnly());
      HostMatrix bias = matrix(checkpoint, jina, "layers.0.self_attn.v_proj.bias");
      assertEquals(2, bias.cols());
      assertEquals(4, bias.get(0, 0));
      assertEquals(5, bias.get(0, 1));
      // By the names of the files the whole is to be had too.
      String whole = "encoder.layers.0.mixer.Wqkv";
      assertRows(List.of(0f, 1f, 2f, 3f, 4f, 5f), matrix(checkpoint, jina, whole + ".weight"));
      assertEquals(6, matrix(checkpoint, jina, whole + ".bias").cols());
    }
  }

  @Test
  void rowsByTurnsAreGathered() throws IOException {
    String turns = "{\"model_type\": \"inkling_mm_model\"}";
    try (SafetensorsCheckpoint checkpoint =
        checkpoint(turns, numbered("model.llm.layers.0.mlp.w13_dn.weight", DType.F32, 6, 3, 0))) {
      String mlp = "model.language_model.layers.0.mlp.";
      assertRows(List.of(0f, 2f, 4f), matrix(checkpoint, turns, mlp + "gate_proj.weight"));
      HostMatrix up = matrix(checkpoint, turns, mlp + "up_proj.weight");
      assertRows(List.of(1f, 3f, 5f), up);
      assertTrue(up.data().isReadOnly());
    }
  }

  @Test
  void rotaryRowsArePutHalfAfterHalf() throws IOException {
    for (int heads = 1; heads <= 2; heads++) {
      String config = KIMI.formatted(heads);
      try (SafetensorsCheckpoint checkpoint = checkpoint(config, ROTARY)) {
        assertRows(
            heads == 1
                ? List.of(8f, 10f, 12f, 14f, 9f, 11f, 13f, 15f)
                : List.of(8f, 10f, 9f, 11f, 12f, 14f, 13f, 15f),
            matrix(checkpoint, config, KIMI_ATTENTION + "k_proj.weight"));
        assertRows(
            List.of(16f, 17f, 18f, 19f, 20f, 21f, 22f, 23f),
            matrix(checkpoint, config, KIMI_ATTENTION + "v_proj.weight"));
      }
    }
  }

  @Test
  void rotaryRowsOfAnUnknownNumberOfHeadsAreRefused() throws IOException {
    for (int heads : new int[] {0, 3, 8}) {
      String config = KIMI.formatted(heads);
      try (SafetensorsCheckpoint checkpoint = checkpoint(config, ROTARY)) {
        Refusal.says(
            () -> matrix(checkpoint, config, KIMI_ATTENTION + "q_proj.weight"),
            "vision_config.num_attention_heads of config.json does not say");
      }
    }
  }

  @Test
  void piecesAreJoinedIfTheyAreAllThereAndOfOneKind() throws IOException {
    String joining = "{\"model_type\": \"minimax_m3_vl\"}";
    String mlp = "model.layers.0.mlp.";
    try (SafetensorsCheckpoint checkpoint =
        checkpoint(
            joining,
            numbered(mlp + "up_proj.weight", DType.F32, 3, 4, 2),
            numbered(mlp + "gate_proj.weight", DType.F32, 2, 4, 0))) {
      HostMatrix both = matrix(checkpoint, joining, mlp + "gate_up_proj.weight");
      assertRows(List.of(0f, 1f, 2f, 3f, 4f), both);
      BaseModel base = BaseModel.of(checkpoint, ModelConfig.parse(joining, "config.json"));
      assertEquals(List.of(mlp + "gate_up_proj"), base.currentModules());
    }
    for (Tensor other :
        List.of(
            numbered(mlp + "up_proj.weight", DType.F16, 3, 4, 2),
            numbered(mlp + "up_proj.weight", DType.F32, 3, 5, 2),
            ModelFiles.tensor(mlp + "up_proj.weight", DType.F32, List.of(), 1),
            ModelFiles.tensor(mlp + "up_proj.weight", DType.F32, List.of(3L), 1, 2, 3),
            numbered(mlp + "down_proj.weight", DType.F32, 3, 4, 2))) {
      try (SafetensorsCheckpoint checkpoint =
          checkpoint(joining, numbered(mlp + "gate_proj.weight", DType.F32, 2, 4, 0), other)) {
        BaseModel base = BaseModel.of(checkpoint, ModelConfig.parse(joining, "config.json"));
        assertTrue(base.tensor(mlp + "gate_up_proj.weight").isEmpty(), other.toString());
        assertTrue(base.currentModules().contains(mlp + "gate_proj"), other.toString());
      }
    }
  }

  @Test
  void whatNoMatrixHoldsIsRefused() throws IOException {
    try (SafetensorsCheckpoint checkpoint =
        checkpoint("{}", ModelFiles.tensor("ids", DType.I32, List.of(2L), 1, 2))) {
      Refusal.says(() -> matrix(checkpoint, "{}", "ids"), "'ids' of the base model is I32");
      for (List<Long> shape :
          List.of(List.of(3L, 0L), List.of(1L, 1L << 31), List.of(1L << 31, 1L))) {
        BaseTensor huge = new BaseTensor("w", DType.F32, shape, List.of(WeightSlice.whole("w", 1)));
        Refusal.says(
            () -> huge.matrix(checkpoint), "has shape " + shape + "; a matrix has fewer than 2^31");
      }
      long most = Integer.MAX_VALUE;
      for (List<Long> shape : List.of(List.of(1L, most), List.of(most, 1L))) {
        BaseTensor large =
            new BaseTensor("w", DType.F32, shape, List.of(WeightSlice.whole("w", 1)));
        Refusal.says(() -> large.matrix(checkpoint), "has no tensor 'w'");
      }
    }
  }
}
