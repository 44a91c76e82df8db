package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.fourierft.ElementType;
import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a merge carries along, replaces and warns of besides the weights with a ΔW. */
class MergeCompanionsTest extends ModelCommandTest {
  @Test
  void tiedEmbeddingsAreSaid() throws IOException {
    Path base =
        base("base", DType.F32, "{\"model_type\": \"llama\", \"tie_word_embeddings\": true}");
    Path adapter =
        ModelFiles.adapter(
            folder.resolve("adapter"),
            10,
            1,
            1,
            "[\"embed_tokens\"]",
            "",
            ModelFiles.spectrum("model.embed_tokens", DType.F32, TEN));
    CommandLineRun run = merge(base, adapter, out());
    succeeded(run);
    assertTrue(
        run.err().contains("tie_word_embeddings") && run.err().contains("model.embed_tokens"),
        run.err());
    CommandLineRun other = merge(base, queryAdapter("query", "", TEN), results.resolve("other"));
    succeeded(other);
    assertFalse(other.err().contains("tie_word_embeddings"), other.err());
  }

  @Test
  void companionsComeAlongAndOtherWeightsDoNot() throws IOException {
    Path base = base(DType.F32);
    for (String kept :
        List.of("tokenizer.json", "generation_config.json", "LICENSE", "original/params.json")) {
      Path file = base.resolve(kept);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "the text of " + kept);
    }
    for (String left :
        List.of(
            "pytorch_model.bin",
            "tf_model.h5",
            "model.gguf",
            "onnx/model.onnx",
            "original/consolidated.00.pth",
            "adapter.safetensors",
            ".gitattributes")) {
      Path file = base.resolve(left);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "old");
    }
    CommandLineRun run = merge(base, adapter("adapter", 1, DType.F32), out());
    succeeded(run);
    assertEquals(
        List.of(
            "LICENSE",
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "original",
            "tokenizer.json"),
        ModelFiles.names(out()));
    assertEquals("the text of LICENSE", Files.readString(out().resolve("LICENSE")));
    assertEquals(List.of("params.json"), ModelFiles.names(out().resolve("original")));
    assertTrue(run.err().contains("were not copied"), run.err());
    for (String left : List.of("pytorch_model.bin", "model.onnx", "consolidated.00.pth")) {
      assertTrue(run.err().contains(left), left + " in: " + run.err());
    }
  }

  @Test
  void savedModulesAndBiasesReplaceTheBases() throws IOException {
    Path base =
        ModelFiles.model(
            folder.resolve("base"),
            CONFIG,
            ModelFiles.matrix(QUERY + ".weight", DType.BF16, 24, 12, 0.05, 2),
            ModelFiles.vector(QUERY + ".bias", DType.BF16, 24, 3),
            ModelFiles.matrix("score.weight", DType.BF16, 2, 12, 0.05, 4),
            ModelFiles.tensor("score.ids", DType.I32, List.of(3L), 1, 2, 3));
    Tensor bias =
        ModelFiles.vector("base_model.model." + QUERY + ".base_layer.bias", DType.BF16, 24, 33);
    Tensor score = ModelFiles.matrix("base_model.model.score.weight", DType.F32, 2, 12, 1, 44);
    Tensor ids = ModelFiles.tensor("base_model.model.score.ids", DType.I32, List.of(3L), 7, 8, 9);
    Path adapter =
        queryAdapter(
            "adapter",
            ", \"bias\": \"fourierft_only\", \"modules_to_save\": [\"score\"]",
            TEN,
            bias,
            ids,
            score);
    JsonNode root = json(merge(base, adapter, out(), "--json", "--safe"));
    assertArrayEquals(ids.bytes(), ModelFiles.contents(out()).get("score.ids"));
    assertArrayEquals(bias.bytes(), ModelFiles.contents(out()).get(QUERY + ".bias"));
    assertEquals(DType.BF16, ModelFiles.dtype(out(), "score.weight"), "the base's format stays");
    float[] wanted = ModelFiles.normal(24, 1, 44);
    double[] found = ModelFiles.elements(out(), "score.weight");
    for (int i = 0; i < wanted.length; i++) {
      assertEquals(ElementType.BF16.round(wanted[i]), (float) found[i]);
    }
    int replaced = 0;
    for (JsonNode edit : root.get("edits")) {
      replaced += edit.get("kind").asText().equals("replaced") ? 1 : 0;
    }
    assertEquals(3, replaced);
    CommandLineRun back =
        run("unmerge", "--base", out(), "--adapter", adapter, "--out", results.resolve("back"));
    succeeded(back);
    assertTrue(back.err().contains("it had replaced 3 tensors whole"), back.err());
  }

  @Tag("slow")
  @Test
  void aVeryLargeLayerIsWarnedOfUnlessTheShuffleIsSaid() throws IOException {
    int rows = 16384;
    int cols = 13108;
    long bytes = 2L * rows * cols;
    Path base = Files.createDirectory(folder.resolve("large"));
    byte[] header =
        "{\"a.q_proj.weight\":{\"dtype\":\"BF16\",\"shape\":[%d,%d],\"data_offsets\":[0,%d]}}"
            .formatted(rows, cols, bytes)
            .getBytes(StandardCharsets.UTF_8);
    try (FileChannel file =
        FileChannel.open(
            base.resolve("model.safetensors"),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE)) {
      byte[] start = new byte[8 + header.length];
      start[0] = (byte) header.length;
      System.arraycopy(header, 0, start, 8, header.length);
      file.write(ByteBuffer.wrap(start));
      file.write(ByteBuffer.wrap(new byte[1]), start.length + bytes - 1);
    }
    Path adapter =
        ModelFiles.adapter(
            folder.resolve("adapter"),
            4,
            1,
            1,
            "[\"q_proj\"]",
            "",
            ModelFiles.spectrum("a.q_proj", DType.F32, 1, 2, 3, 4));
    JsonNode warned = json(merge(base, adapter, out(), "--dry-run", "--json"));
    assertEquals(1, warned.get("notes").size(), warned.toString());
    String note = warned.get("notes").get(0).asText();
    assertTrue(
        note.contains("214761472 elements")
            && note.contains("torch before 2025")
            && note.contains("--legacy-randperm"),
        note);
    JsonNode told = json(merge(base, adapter, out(), "--dry-run", "--json", "--legacy-randperm"));
    assertEquals(0, told.get("notes").size(), told.toString());
  }
}
