package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What adapters bring whole: tensors, and rows of a tensor that the base holds fused. */
class AdapterChangesTest {
  private static final String QUERY = "model.layers.0.self_attn.q_proj";
  private static final String FUSED = "encoder.layers.0.attn.Wqkv.weight";
  private static final String ATTENTION = "layers.0.self_attn.";

  @TempDir Path folder;
  private SmallMerge merge;

  @BeforeEach
  void begin() {
    merge = new SmallMerge(folder);
  }

  private void assertRefused(String words) {
    FourierException e = assertThrows(FourierException.class, () -> merge.run());
    assertTrue(e.getMessage().contains(words), e.getMessage());
  }

  private static Tensor score(DType type, long rows, long cols, float... values) {
    return ModelFiles.tensor(
        SmallMerge.CARRIED + "score.weight", type, List.of(rows, cols), values);
  }

  private void bringsScore(Tensor score) throws IOException {
    merge.adapter(
        List.of(QUERY), ", \"modules_to_save\": [\"score\"], \"task_type\": \"SEQ_CLS\"", score);
  }

  /** Two that bring the same are one; the same bytes in another format or shape are another. */
  @ParameterizedTest
  @CsvSource({"F16, 2, 4, true", "BF16, 2, 4, false", "F16, 4, 2, false"})
  void equalBytesAreTheSameInOneFormatAndShape(DType type, long rows, long cols, boolean same)
      throws IOException {
    merge.base("{\"model_type\": \"llama\"}", SmallMerge.matrix(QUERY + ".weight", 8, 1));
    bringsScore(score(DType.F16, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0));
    bringsScore(score(type, rows, cols, 0, 0, 0, 0, 0, 0, 0, 0));
    if (same) {
      assertEquals(
          1,
          merge.run().edits().stream()
              .filter(edit -> edit.kind() == MergeResult.EditKind.NEW)
              .count());
    } else {
      assertRefused("they differ");
    }
  }

  @ParameterizedTest
  @CsvSource({"I32, F32", "F32, I32"})
  void numbersAndIntegersDoNotBecomeEachOther(DType before, DType brought) throws IOException {
    merge.base(
        "{\"model_type\": \"llama\"}",
        SmallMerge.matrix(QUERY + ".weight", 8, 1),
        ModelFiles.tensor("score.weight", before, List.of(1L, 2L), 1, 2));
    bringsScore(score(brought, 1, 2, 3, 4));
    assertRefused("one cannot become the other");
  }

  private void makeFused() throws IOException {
    merge.base(
        "{\"model_type\": \"nomic_bert\"}",
        SmallMerge.matrix(FUSED, 24, 1),
        SmallMerge.matrix("encoder.layers.0.attn.out_proj.weight", 8, 2));
  }

  private void brings(String module, Tensor rows) throws IOException {
    merge.adapter(
        List.of(ATTENTION + "o_proj"), ", \"modules_to_save\": [\"%s\"]".formatted(module), rows);
  }

  private static Tensor rows(String module, DType type, long seed) {
    return ModelFiles.matrix(
        SmallMerge.CARRIED + ATTENTION + module + ".weight", type, 8, SmallMerge.WIDTH, 1, seed);
  }

  private void assertRows(int first, byte[] wanted) throws IOException {
    int at = first * SmallMerge.WIDTH * Float.BYTES;
    assertArrayEquals(wanted, Arrays.copyOfRange(merge.bytes(FUSED), at, at + wanted.length));
  }

  /** Query and key are brought by an adapter each, one of them in another format. */
  @Test
  void rowsOfDifferentLayersGoTogether() throws IOException {
    makeFused();
    brings("q_proj", rows("q_proj", DType.F32, 5));
    brings("k_proj", rows("k_proj", DType.BF16, 6));
    MergeResult result = merge.run();
    assertRows(0, rows("q_proj", DType.F32, 5).bytes());
    Tensor key = rows("k_proj", DType.BF16, 6);
    ModelFiles.model(folder.resolve("key"), "{}", key);
    float[] wanted = ModelFiles.floats(folder.resolve("key"), key.name());
    float[] fused = ModelFiles.floats(merge.out(), FUSED);
    assertArrayEquals(wanted, Arrays.copyOfRange(fused, 64, 128));
    assertRows(16, Arrays.copyOfRange(SmallMerge.matrix(FUSED, 24, 1).bytes(), 512, 768));
    assertEquals(2, result.check().orElseThrow().tensors());
  }

  @ParameterizedTest
  @CsvSource({"5, true", "6, false"})
  void rowsThatTwoBringMustBeAlike(long seed, boolean alike) throws IOException {
    makeFused();
    brings("q_proj", rows("q_proj", DType.F32, 5));
    brings("q_proj", rows("q_proj", DType.F32, seed));
    if (alike) {
      assertEquals(
          1,
          merge.run().edits().stream()
              .filter(edit -> edit.kind() == MergeResult.EditKind.REPLACED)
              .count());
    } else {
      assertRefused("they differ");
    }
  }

  @Test
  void rowsOfIntegersAreRefused() throws IOException {
    makeFused();
    brings("q_proj", rows("q_proj", DType.I32, 5));
    assertRefused("one cannot become the other");
  }

  @ParameterizedTest
  @CsvSource({"NaN, true", "1, false"})
  void safeLooksAtRowsToo(float element, boolean refused) throws IOException {
    makeFused();
    float[] values = ModelFiles.normal(64, 1, 5);
    values[9] = element;
    brings(
        "q_proj",
        ModelFiles.tensor(
            SmallMerge.CARRIED + ATTENTION + "q_proj.weight", DType.F32, List.of(8L, 8L), values));
    MergeOptions safe = MergeOptions.defaults().withSafe(true);
    if (refused) {
      FourierException e = assertThrows(FourierException.class, () -> merge.run(safe));
      assertTrue(e.getMessage().contains("1 of 192 elements of " + FUSED), e.getMessage());
    } else {
      merge.run(safe);
    }
  }

  /** What a refused tensor was to lie in is free for the next one. */
  @Test
  void aRefusedTensorGivesItsMemoryBack() throws IOException {
    makeFused();
    float[] values = ModelFiles.normal(64, 1, 5);
    values[9] = Float.NaN;
    Path adapter =
        merge.adapter(
            List.of(ATTENTION + "o_proj"),
            ", \"modules_to_save\": [\"q_proj\"]",
            ModelFiles.tensor(
                SmallMerge.CARRIED + ATTENTION + "q_proj.weight",
                DType.F32,
                List.of(8L, 8L),
                values));
    try (OpenBase open = OpenBase.open(folder.resolve("base"));
        TensorMemory memory = TensorMemory.ofBytes(1)) {
      MergePlan plan =
          new MergePlan(open, List.of(adapter), MergeOptions.defaults().withSafe(true));
      TensorAssembly assembly = new TensorAssembly(SmallMerge.ENGINE, Addition.ADD, true, memory);
      OutputTensor fused = plan.tensor(FUSED);
      assertThrows(FourierException.class, () -> assembly.assemble(fused));
      assertTimeoutPreemptively(Duration.ofMinutes(1), () -> memory.hold(1).close());
    }
  }

  /** A layer that the file holds as two tensors needs numbers in both. */
  @ParameterizedTest
  @EnumSource(names = {"F32", "I32"})
  void eachTensorOfAJoinedLayerMustBeNumbers(DType second) throws IOException {
    String stored = "language_model.model.layers.0.block_sparse_moe.";
    merge.base(
        "{\"model_type\": \"minimax_m3_vl\"}",
        SmallMerge.matrix(stored + "gate_proj.weight", 4, 1),
        ModelFiles.matrix(stored + "up_proj.weight", second, 4, SmallMerge.WIDTH, 9, 2));
    merge.adapter(List.of("model.language_model.layers.0.mlp.gate_up_proj"), "");
    if (second == DType.F32) {
      assertEquals(2, merge.run().check().orElseThrow().tensors());
    } else {
      assertRefused("up_proj.weight");
    }
  }

  /** What rows and tensors were before is known to nobody: taking an adapter out says so. */
  @Test
  void whatWasBroughtStaysWhenAnAdapterIsTakenOut() throws IOException {
    makeFused();
    brings("q_proj", rows("q_proj", DType.F32, 5));
    MergeResult result = merge.run(MergeOptions.defaults().withAddition(Addition.SUBTRACT));
    assertTrue(
        result.notes().stream().anyMatch(note -> note.contains("it had replaced 1 tensors whole")),
        result.notes().toString());
    assertRows(0, SmallMerge.matrix(FUSED, 8, 1).bytes());
  }
}
