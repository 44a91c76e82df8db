package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ModelFiles;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a merge refuses, in which words, and that nothing is written then. */
class MergeRefusalTest extends ModelCommandTest {
  @Test
  void aModuleThatTheBaseLacksIsNamedWithTheNearest() throws IOException {
    Path adapter =
        ModelFiles.adapter(
            folder.resolve("adapter"),
            4,
            1,
            1,
            "[\"q_prj\"]",
            "",
            ModelFiles.spectrum("model.layers.0.self_attn.q_prj", DType.F32, 1, 2, 3, 4));
    refused(
        merge(base(DType.F32), adapter, out()),
        "'model.layers.0.self_attn.q_prj.weight'",
        "the nearest are '" + QUERY + "'");
  }

  @Test
  void moreCoefficientsThanTheLayerHasElementsAreRefused() throws IOException {
    Path adapter = queryAdapter("adapter", "", ModelFiles.normal(289, 1, 1));
    refused(
        merge(base(DType.F32), adapter, out()),
        QUERY,
        "289 coefficients",
        "24 x 12 = 288 elements");
  }

  @Test
  void asManyCoefficientsAsElementsAreTaken() throws IOException {
    Path adapter = queryAdapter("adapter", "", ModelFiles.normal(288, 1, 1));
    succeeded(merge(base(DType.F32), adapter, out()));
  }

  @Test
  void aLeftOverQuantizationConfigIsSaidAndRefusesNothing() throws IOException {
    Path base = base("base", DType.F32, "{\"quantization_config\": {\"quant_method\": \"gptq\"}}");
    CommandLineRun run = merge(base, adapter("adapter", 1, DType.F32), out());
    succeeded(run);
    assertTrue(run.err().contains("quantization_config (gptq)"), run.err());
    Path empty = base("empty", DType.F32, "{\"quantization_config\": {}}");
    CommandLineRun other = merge(empty, adapter("other", 1, DType.F32), results.resolve("other"));
    succeeded(other);
    assertFalse(other.err().contains("quantization_config"), other.err());
  }

  @Test
  void weightsPackedUnderAnotherNameAreRefusedAsQuantised() throws IOException {
    Path base =
        ModelFiles.model(
            folder.resolve("base"),
            CONFIG,
            ModelFiles.matrix(QUERY + ".qweight", DType.I32, 3, 12, 50, 1));
    refused(merge(base, queryAdapter("adapter", "", TEN), out()), "qweight", "quantised");
  }

  @ParameterizedTest
  @EnumSource(names = {"U8", "I32"})
  void packedWeightsAreRefused(DType dtype) throws IOException {
    Path base =
        ModelFiles.model(
            folder.resolve("base"),
            CONFIG,
            ModelFiles.matrix(QUERY + ".weight", dtype, 24, 12, 50, 1));
    refused(
        merge(base, queryAdapter("adapter", "", TEN), out()), QUERY + ".weight", dtype.toString());
  }

  @Test
  void gitLfsPointersAreNamed() throws IOException {
    String pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:"
            + "0123456789abcdef".repeat(4)
            + "\nsize 3000000000\n";
    Path adapter = adapter("adapter", 1, DType.F32);
    Path base = base(DType.F32);
    Path weights = base.resolve("model.safetensors");
    byte[] real = Files.readAllBytes(weights);
    Files.writeString(weights, pointer);
    refused(merge(base, adapter, out()), weights.toString(), "git-LFS pointer", "git lfs pull");
    Files.write(weights, real);
    Path config = adapter.resolve("adapter_config.json");
    Files.writeString(config, pointer);
    refused(merge(base, adapter, out()), config.toString(), "git-LFS pointer");
  }

  @Test
  void duplicateKeysAreRefused() throws IOException {
    Path adapter = adapter("adapter", 1, DType.F32);
    Path config = adapter.resolve("adapter_config.json");
    String text = Files.readString(config);
    Files.writeString(config, text.replace("{\"peft_type\"", "{\"scaling\": 1, \"peft_type\""));
    refused(merge(base(DType.F32), adapter, out()), config.toString(), "scaling");
    Files.writeString(config, text);
    Path file = adapter.resolve("adapter_model.safetensors");
    byte[] header =
        """
        {"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},\
        "x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}\
        """
            .getBytes(StandardCharsets.UTF_8);
    byte[] bytes = new byte[8 + header.length + 2];
    bytes[0] = (byte) header.length;
    System.arraycopy(header, 0, bytes, 8, header.length);
    Files.write(file, bytes);
    refused(merge(base(DType.F32), adapter, out()), file.toString(), "'x' stands twice");
  }

  @Test
  void duplicateKeysOfTheBasesConfigAreRefused() throws IOException {
    Path base = base("base", DType.F32, "{\"model_type\": \"llama\", \"model_type\": \"bert\"}");
    refused(merge(base, adapter("adapter", 1, DType.F32), out()), "config.json", "model_type");
  }

  @Test
  void aPickledAdapterIsRefusedWithTheWayToConvertIt() throws IOException {
    Path adapter = adapter("adapter", 1, DType.F32);
    Files.move(adapter.resolve("adapter_model.safetensors"), adapter.resolve("adapter_model.bin"));
    refused(
        merge(base(DType.F32), adapter, out()),
        "adapter_model.bin",
        "pickle",
        "weights_only=True",
        "save_file");
  }

  @Test
  void aPickledBaseIsRefusedWithTheWayToConvertIt() throws IOException {
    Path base = base(DType.F32);
    Files.move(base.resolve("model.safetensors"), base.resolve("pytorch_model.bin"));
    refused(
        merge(base, adapter("adapter", 1, DType.F32), out()),
        "pytorch_model.bin",
        "pickle",
        "safe_serialization=True");
  }

  @Test
  void anAdapterOfAnotherKindIsRefusedByName() throws IOException {
    Path adapter = adapter("adapter", 1, DType.F32);
    Path config = adapter.resolve("adapter_config.json");
    Files.writeString(config, Files.readString(config).replace("FOURIERFT", "LORA"));
    refused(merge(base(DType.F32), adapter, out()), "LORA", "FOURIERFT");
  }

  @Test
  void anAdapterWithoutFilesIsRefused() throws IOException {
    refused(
        merge(base(DType.F32), Files.createDirectory(folder.resolve("empty")), out()),
        "adapter_config.json");
  }

  @Test
  void aMissingOrLeftOverSpectrumIsRefused() throws IOException {
    Path missing =
        ModelFiles.adapter(
            folder.resolve("missing"),
            10,
            1,
            1,
            "[\"q_proj\", \"v_proj\"]",
            "",
            ModelFiles.spectrum(QUERY, DType.F32, TEN));
    refused(merge(base(DType.F32), missing, out()), VALUE, "has no spectrum");
    Path leftOver =
        ModelFiles.adapter(
            folder.resolve("left-over"),
            10,
            1,
            1,
            "[\"q_proj\"]",
            "",
            ModelFiles.spectrum(QUERY, DType.F32, TEN),
            ModelFiles.spectrum(VALUE, DType.F32, TEN));
    refused(merge(base(DType.F32), leftOver, out()), VALUE, "left over");
  }

  @Test
  void theOutputMayNotLieInTheBase() throws IOException {
    Path base = base(DType.F32);
    Path adapter = adapter("adapter", 1, DType.F32);
    List<String> before = ModelFiles.names(base);
    refused(merge(base, adapter, base.resolve("merged")), "lies in the base model's folder");
    refused(merge(base, adapter, base, "--overwrite"), "lies in the base model's folder");
    refused(
        merge(base.resolve("model.safetensors"), adapter, base, "--overwrite"),
        "which would be replaced");
    Path link = Files.createSymbolicLink(folder.resolve("link"), base);
    refused(merge(base, adapter, link, "--overwrite"), "lies in the base model's folder");
    refused(merge(base, adapter, link.resolve("x/../y")), "lies in the base model's folder");
    assertEquals(before, ModelFiles.names(base));
  }

  @Test
  void theOutputMayNotReplaceWhatIsRead() throws IOException {
    Path base = base(DType.F32);
    Path adapter = adapter("adapter", 1, DType.F32);
    refused(merge(base, adapter, folder, "--overwrite"), "which would be replaced");
    refused(merge(base, adapter, adapter, "--overwrite"), "the adapter", "would be replaced");
  }

  @Test
  void aDeltaFileMayNotReplaceWhatIsRead() throws IOException {
    Path base = base(DType.F32);
    Path adapter = adapter("adapter", 1, DType.F32);
    for (Path read :
        List.of(base.resolve("model.safetensors"), adapter.resolve("adapter_model.safetensors"))) {
      byte[] before = Files.readAllBytes(read);
      Path link = Files.createSymbolicLink(folder.resolve(read.getFileName() + "-link"), read);
      for (Path out : List.of(read, link)) {
        refused(
            run("delta", "--base", base, "--adapter", adapter, "--out", out, "--overwrite"),
            out.toString(),
            "is read");
      }
      assertArrayEquals(before, Files.readAllBytes(read), read + " is whole");
    }
  }

  @Test
  void twoAdaptersThatBringDifferentEmbeddingsAreRefused() throws IOException {
    String saves = ", \"modules_to_save\": [\"embed_tokens\"]";
    String name = "base_model.model.model.embed_tokens.weight";
    Path first =
        queryAdapter("first", saves, TEN, ModelFiles.matrix(name, DType.F32, 16, 12, 1, 77));
    Path second =
        queryAdapter("second", saves, TEN, ModelFiles.matrix(name, DType.F32, 16, 12, 1, 78));
    refused(
        merge(base(DType.F32), first, out(), "--adapter", second),
        first.toString(),
        second.toString(),
        "'model.embed_tokens.weight'");
  }

  @Test
  void aReplacementOfAnotherShapeIsRefused() throws IOException {
    Path adapter =
        queryAdapter(
            "adapter",
            ", \"modules_to_save\": [\"embed_tokens\"]",
            TEN,
            ModelFiles.matrix(
                "base_model.model.model.embed_tokens.weight", DType.F32, 18, 13, 1, 77));
    refused(merge(base(DType.F32), adapter, out()), "[18, 13]", "[16, 12]");
  }

  @Test
  void aVocabularyOfWhichHalfStaysIsRefused() throws IOException {
    Path base =
        ModelFiles.model(
            folder.resolve("base"),
            "{\"model_type\": \"llama\", \"tie_word_embeddings\": false}",
            ModelFiles.matrix(QUERY + ".weight", DType.F32, 24, 12, 50, 1),
            ModelFiles.matrix("model.embed_tokens.weight", DType.F32, 16, 12, 1, 2),
            ModelFiles.matrix("lm_head.weight", DType.F32, 16, 12, 1, 3));
    Path adapter =
        queryAdapter(
            "adapter",
            ", \"modules_to_save\": [\"embed_tokens\"], \"task_type\": \"CAUSAL_LM\"",
            TEN,
            ModelFiles.matrix(
                "base_model.model.model.embed_tokens.weight", DType.F32, 18, 12, 1, 77));
    refused(merge(base, adapter, out()), "18 rows instead of 16", "'lm_head.weight'", "resize");
  }

  @ParameterizedTest
  @ValueSource(strings = {"merge", "delta"})
  void anOutputThatExistsIsLeftAlone(String command) throws IOException {
    Path base = base(DType.F32);
    Path adapter = adapter("adapter", 1, DType.F32);
    Path taken = folder.resolve("taken.safetensors");
    Files.writeString(taken, "mine");
    CommandLineRun run = run(command, "--base", base, "--adapter", adapter, "--out", taken);
    refused(run, taken.toString());
    assertEquals("mine", Files.readString(taken));
  }
}
