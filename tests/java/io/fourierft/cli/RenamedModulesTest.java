package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Modules that an adapter saved whole and a base seems to lack: new, or there by another name. */
class RenamedModulesTest {
  private static final String CARRIED = "base_model.model.";
  private static final String TRUNK = "model.layers.0.self_attn.q_proj";
  private static final String UNKNOWN = "{\"model_type\": \"of_mine\"}";

  @TempDir Path folder;

  private void base(String config, Tensor... more) throws IOException {
    List<Tensor> tensors = new ArrayList<>(List.of(more));
    tensors.add(ModelFiles.matrix(TRUNK + ".weight", DType.F32, 8, 8, 1, 1));
    tensors.add(ModelFiles.vector("model.norm.weight", DType.F32, 8, 2));
    ModelFiles.model(folder.resolve("base"), config, tensors.toArray(new Tensor[0]));
  }

  private void adapter(String saved, String more, Tensor... brought) throws IOException {
    List<Tensor> tensors = new ArrayList<>(List.of(brought));
    tensors.add(ModelFiles.spectrum(TRUNK, DType.F32, 3, -2));
    ModelFiles.adapter(
        folder.resolve("adapter"),
        2,
        100,
        7,
        "[\"q_proj\"]",
        ", \"modules_to_save\": [\"%s\"]%s".formatted(saved, more),
        tensors.toArray(new Tensor[0]));
  }

  private CommandLineRun merge(String... options) {
    List<Object> arguments = new ArrayList<>(List.of("merge", "--device=cpu", "--check"));
    arguments.addAll(List.of("--base", folder.resolve("base"), "--out", folder.resolve("out")));
    arguments.addAll(List.of("--adapter", folder.resolve("adapter")));
    arguments.addAll(List.of(options));
    return CommandLineRun.of(arguments.toArray());
  }

  private static Tensor kernel(String name, long seed) {
    return ModelFiles.tensor(
        name, DType.F32, List.of(2L, 8L, 1L, 1L), ModelFiles.normal(16, 1, seed));
  }

  private Set<String> names() throws IOException {
    return ModelFiles.contents(folder.resolve("out")).keySet();
  }

  private void assertAdded(CommandLineRun run, String tensor) throws IOException {
    assertEquals(0, run.code(), run.err());
    assertTrue(names().contains(tensor), names().toString());
    assertTrue(run.err().replaceAll("\\s+", " ").contains("is new"), run.err());
  }

  @Test
  void aModuleWithADoubleWhereNothingSpeaksOfItIsRefusedAndRenamed() throws IOException {
    base(UNKNOWN, kernel("head.convs.0.weight", 3));
    adapter("neck", "", kernel(CARRIED + "neck.convs.0.weight", 4));
    CommandLineRun refused = merge();
    assertEquals(1, refused.code(), refused.out());
    for (String word :
        List.of(
            "'neck.convs.0.weight'",
            "'head.convs.0'",
            "--rename '^neck\\.convs\\.0$=head.convs.0'",
            "--rename '^neck\\.convs\\.0$=neck.convs.0'")) {
      assertTrue(refused.err().contains(word), word + " in: " + refused.err());
    }
    assertFalse(Files.exists(folder.resolve("out")));
    CommandLineRun renamed = merge("--rename", "^neck\\.convs\\.0$=head.convs.0");
    assertEquals(0, renamed.code(), renamed.err());
    assertEquals(Set.of("head.convs.0.weight", TRUNK + ".weight", "model.norm.weight"), names());
    assertEquals(
        ModelFiles.normal(16, 1, 4)[5],
        (float) ModelFiles.elements(folder.resolve("out"), "head.convs.0.weight")[5]);
  }

  @Test
  void whatIsSaidToBeNewIsAdded() throws IOException {
    base(UNKNOWN, kernel("head.convs.0.weight", 3));
    adapter("neck", "", kernel(CARRIED + "neck.convs.0.weight", 4));
    assertAdded(merge("--rename", "^neck\\.convs\\.0$=neck.convs.0"), "neck.convs.0.weight");
  }

  @Test
  void aModuleThatMovedIntoAPartIsRefused() throws IOException {
    base(UNKNOWN, ModelFiles.matrix("projector.linear_1.weight", DType.F32, 4, 8, 1, 3));
    adapter(
        "projector",
        "",
        ModelFiles.matrix(CARRIED + "model.projector.linear_1.weight", DType.F32, 4, 8, 1, 4));
    CommandLineRun refused = merge();
    assertEquals(1, refused.code(), refused.out());
    assertTrue(refused.err().contains("'projector.linear_1'"), refused.err());
  }

  @Test
  void aRewardHeadOfABaseThatHasNoneIsAdded() throws IOException {
    base(UNKNOWN, ModelFiles.matrix("lm_head.weight", DType.F32, 12, 8, 1, 3));
    adapter("score", "", ModelFiles.matrix(CARRIED + "score.weight", DType.F32, 1, 8, 1, 4));
    assertAdded(merge(), "score.weight");
  }

  /** Vectors of the model's width are everywhere, and so are biases. */
  @Test
  void aHeadOfTwoLayersIsAddedBesideNormsOfItsWidth() throws IOException {
    base(
        UNKNOWN,
        ModelFiles.vector("embeddings.LayerNorm.weight", DType.F32, 8, 3),
        ModelFiles.vector("embeddings.LayerNorm.bias", DType.F32, 8, 4));
    adapter(
        "score",
        "",
        ModelFiles.matrix(CARRIED + "score.dense.weight", DType.F32, 8, 8, 1, 5),
        ModelFiles.vector(CARRIED + "score.dense.bias", DType.F32, 8, 6),
        ModelFiles.matrix(CARRIED + "score.out_proj.weight", DType.F32, 2, 8, 1, 7));
    assertAdded(merge(), "score.dense.bias");
  }

  /** A DETR's file keeps the first names of the convolutions over its masks. */
  @Test
  void aConvolutionOfTheTableTakesTheOldOnesPlace() throws IOException {
    base(
        "{\"model_type\": \"detr\", \"architectures\": [\"DetrForSegmentation\"]}",
        kernel("mask_head.lay1.weight", 3),
        kernel("mask_head.adapter2.weight", 4));
    adapter(
        "mask_head",
        "",
        kernel(CARRIED + "mask_head.conv1.conv.weight", 5),
        kernel(CARRIED + "mask_head.fpn_stages.1.fpn_adapter.weight", 6));
    CommandLineRun run = merge();
    assertEquals(0, run.code(), run.err());
    assertEquals(
        Set.of(
            "mask_head.lay1.weight",
            "mask_head.adapter2.weight",
            TRUNK + ".weight",
            "model.norm.weight"),
        names());
    assertEquals(
        ModelFiles.normal(16, 1, 6)[3],
        (float) ModelFiles.elements(folder.resolve("out"), "mask_head.adapter2.weight")[3]);
  }

  /** The file of bert-base-uncased tells apart whether two sentences follow each other. */
  @Test
  void aClassifierOfTwoIsAddedBesideTheHeadOfPretraining() throws IOException {
    base(
        "{\"model_type\": \"bert\", \"architectures\": [\"BertForMaskedLM\"]}",
        ModelFiles.matrix("cls.seq_relationship.weight", DType.F32, 2, 8, 1, 3),
        ModelFiles.vector("cls.seq_relationship.bias", DType.F32, 2, 4));
    adapter(
        "classifier",
        ", \"task_type\": \"SEQ_CLS\"",
        ModelFiles.matrix(CARRIED + "classifier.weight", DType.F32, 2, 8, 1, 5),
        ModelFiles.vector(CARRIED + "classifier.bias", DType.F32, 2, 6));
    assertAdded(merge(), "classifier.weight");
  }

  /** wav2vec2's quantiser projects to the width that a classifier projects to. */
  @Test
  void aHeadOfAnotherClassThanTheBasesIsAdded() throws IOException {
    base(
        "{\"model_type\": \"wav2vec2\", \"architectures\": [\"Wav2Vec2ForPreTraining\"]}",
        ModelFiles.matrix("project_hid.weight", DType.F32, 4, 8, 1, 3));
    String classifier =
        ", \"auto_mapping\": {\"base_model_class\": \"Wav2Vec2ForSequenceClassification\","
            + " \"parent_library\": \"transformers.models.wav2vec2.modeling_wav2vec2\"}";
    Tensor projector = ModelFiles.matrix(CARRIED + "projector.weight", DType.F32, 4, 8, 1, 4);
    adapter("projector", classifier, projector);
    assertAdded(merge(), "projector.weight");
    ModelFiles.delete(folder.resolve("out"));
    // Of its own class the base would have had it.
    adapter(
        "projector", classifier.replace("ForSequenceClassification", "ForPreTraining"), projector);
    CommandLineRun refused = merge();
    assertEquals(1, refused.code(), refused.out());
    assertTrue(refused.err().contains("'project_hid'"), refused.err());
  }
}
