package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.ModelFiles;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The base's hashes: computed, held against a hub's cache, recorded. */
class InputHashesTest {
  private static final String LAYER = "model.layers.0.self_attn.q_proj";

  @TempDir Path folder;
  private Path base;
  private Path adapter;

  @BeforeEach
  void makeModel() throws Exception {
    base =
        ModelFiles.model(
            Files.createDirectory(folder.resolve("base")),
            "{\"model_type\": \"llama\"}",
            ModelFiles.matrix(LAYER + ".weight", DType.F32, 8, 6, 0.1, 1));
    adapter =
        ModelFiles.adapter(
            Files.createDirectory(folder.resolve("adapter")),
            3,
            10,
            777,
            "[\"q_proj\"]",
            "",
            ModelFiles.spectrum(LAYER, DType.F32, 1, 2, 3));
  }

  private Map<String, String> merge(Path from, MergeOptions options, String name) throws Exception {
    Path out = folder.resolve(name);
    try (FourierEngine engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu"))) {
      ModelMerge.run(engine, from, List.of(adapter), out, options, ProgressListener.NONE);
    }
    try (SafetensorsFile file = SafetensorsFile.open(out.resolve("model.safetensors"))) {
      return file.metadata();
    }
  }

  private static String sha256(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }

  @Test
  void areRecordedOnRequestAndReplaceThoseOfAnotherBase() throws Exception {
    MergeOptions verified = MergeOptions.defaults().withVerifyInput(true);
    Path weights = base.resolve("model.safetensors");
    assertFalse(merge(base, MergeOptions.defaults(), "plain").containsKey(key(weights)));
    assertEquals(sha256(weights), merge(base, verified, "first").get(key(weights)));
    Path first = folder.resolve("first");
    assertFalse(
        merge(first, MergeOptions.defaults(), "second").containsKey(key(weights)),
        "the hash of a base that is not this output's");
    Map<String, String> third = merge(first, verified, "third");
    assertEquals(sha256(first.resolve("model.safetensors")), third.get(key(weights)));
    assertEquals("pt", third.get("format"));
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links need a privilege there")
  void aFileThatIsNotWhatItsCacheNamesIsRefused() throws Exception {
    Path blobs = Files.createDirectories(folder.resolve("hub/blobs"));
    Path snapshot = Files.createDirectories(folder.resolve("hub/snapshots/1"));
    Path weights = base.resolve("model.safetensors");
    Path blob = Files.copy(weights, blobs.resolve(sha256(weights)));
    Files.createSymbolicLink(snapshot.resolve("model.safetensors"), blob);
    Files.copy(base.resolve("config.json"), snapshot.resolve("config.json"));
    MergeOptions verified = MergeOptions.defaults().withVerifyInput(true);
    assertEquals(sha256(weights), merge(snapshot, verified, "whole").get(key(weights)));

    byte[] bytes = Files.readAllBytes(blob);
    bytes[bytes.length - 2] ^= 1;
    Files.write(blob, bytes);
    FourierException refused =
        assertThrows(FourierException.class, () -> merge(snapshot, verified, "broken"));
    assertTrue(refused.getMessage().contains("is not what was downloaded"), refused.getMessage());
    assertFalse(Files.exists(folder.resolve("broken")));
    merge(snapshot, MergeOptions.defaults(), "unasked");
  }

  @Test
  void areNotForFilesThatStayAsTheyAre() {
    MergeOptions linked = MergeOptions.defaults().withUntouched(UntouchedFiles.LINKED);
    FourierException refused =
        assertThrows(FourierException.class, () -> linked.withVerifyInput(true));
    assertTrue(
        refused.getMessage().contains("MergeOptions.untouched LINKED"), refused.getMessage());
  }

  private static String key(Path weights) {
    return "base.sha256." + weights.getFileName();
  }
}
