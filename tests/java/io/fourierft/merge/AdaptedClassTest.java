package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fourierft.ElementType;
import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Heads that an adapter brings to a base of another class: labels, names and formats. */
class AdaptedClassTest {
  private static final String QUERY = "encoder.layer.0.attention.self.query";

  @TempDir Path folder;
  private SmallMerge merge;

  @BeforeEach
  void begin() {
    merge = new SmallMerge(folder);
  }

  private void makeBert(Tensor... more) throws IOException {
    Tensor[] tensors = new Tensor[more.length + 1];
    System.arraycopy(more, 0, tensors, 0, more.length);
    tensors[more.length] = SmallMerge.matrix("bert." + QUERY + ".weight", 8, 1);
    merge.base("{\"model_type\": \"bert\", \"architectures\": [\"BertModel\"]}", tensors);
  }

  private static String saved(String module, String task, String className) {
    return ", \"modules_to_save\": [\"%s\"]%s%s"
        .formatted(
            module,
            task == null ? "" : ", \"task_type\": \"%s\"".formatted(task),
            className == null
                ? ""
                : (", \"auto_mapping\": {\"base_model_class\": \"%s\","
                        + " \"parent_library\": \"transformers\"}")
                    .formatted(className));
  }

  /** Rows of a head that tells classes apart are labels; those of any other are not. */
  @ParameterizedTest
  @CsvSource({
    "score.weight, SEQ_CLS, , 3",
    "classifier.weight, TOKEN_CLS, , 3",
    "classifier.out_proj.weight, SEQ_CLS, , 3",
    "classifier.weight, , BertForSequenceClassification, 3",
    "classifier.weight, , BertForTokenClassification, 3",
    "classifier.weight, FEATURE_EXTRACTION, , 0",
    "classifier.weight, , BertForPretending, 0",
    "classifier.dense.weight, SEQ_CLS, , 0",
    "qa_outputs.weight, QUESTION_ANS, BertForQuestionAnswering, 0"
  })
  void aHeadThatClassifiesSaysHowManyLabelsThereAre(
      String tensor, String task, String className, int labels) throws IOException {
    makeBert();
    merge.adapter(
        List.of("bert." + QUERY),
        saved(tensor.substring(0, tensor.indexOf('.')), task, className),
        SmallMerge.carried(tensor, 3, 5));
    merge.run();
    assertEquals(labels, merge.config().path("id2label").size(), merge.config().toString());
  }

  /** A module that only the adapted model has, in the trunk, is called as the rest of it. */
  @Test
  void aNewTensorOfABareTrunkGetsItsPrefixToo() throws IOException {
    merge.base(
        "{\"model_type\": \"bert\", \"architectures\": [\"BertModel\"]}",
        SmallMerge.matrix(QUERY + ".weight", 8, 1));
    merge.adapter(
        List.of("bert." + QUERY),
        ", \"modules_to_save\": [\"classifier\", \"gate\"], \"task_type\": \"SEQ_CLS\"",
        SmallMerge.carried("classifier.weight", 2, 5),
        SmallMerge.carried("bert.encoder.layer.0.attention.self.gate.weight", 4, 6));
    merge.run();
    assertEquals(
        Set.of(
            "bert." + QUERY + ".weight",
            "bert.encoder.layer.0.attention.self.gate.weight",
            "classifier.weight"),
        merge.names());
  }

  /** Numbers of a new tensor have the format of the base's numbers, if that is one. */
  @ParameterizedTest
  @CsvSource({"BF16, U8, F32, BF16", "BF16, F16, F32, F32", "F16, F16, I32, I32"})
  void aNewTensorHasTheFormatOfTheOthers(DType first, DType second, DType own, DType wanted)
      throws IOException {
    makeBase(first, second);
    merge.adapter(List.of("bert." + QUERY), saved("classifier", "SEQ_CLS", null), head(own));
    merge.run();
    assertEquals(wanted, ModelFiles.dtype(merge.out(), "classifier.weight"));
    if (wanted == own) {
      assertArrayEquals(head(own).bytes(), merge.bytes("classifier.weight"));
    }
  }

  @Test
  void aNewTensorHasTheFormatThatIsAskedFor() throws IOException {
    makeBase(DType.BF16, DType.U8);
    merge.adapter(List.of("bert." + QUERY), saved("classifier", "SEQ_CLS", null), head(DType.F32));
    merge.run(MergeOptions.defaults().withDtype(ElementType.F16));
    assertEquals(DType.F16, ModelFiles.dtype(merge.out(), "classifier.weight"));
    assertEquals(DType.U8, ModelFiles.dtype(merge.out(), "bert.packed"));
  }

  private void makeBase(DType first, DType second) throws IOException {
    merge.base(
        "{\"model_type\": \"bert\", \"architectures\": [\"BertModel\"]}",
        ModelFiles.matrix("bert." + QUERY + ".weight", first, 8, 8, 1, 1),
        ModelFiles.tensor("bert.packed", second, List.of(2L), 1, 2));
  }

  private static Tensor head(DType type) {
    return ModelFiles.tensor(
        SmallMerge.CARRIED + "classifier.weight", type, List.of(2L, 2L), 1, 2, 3, 4);
  }
}
