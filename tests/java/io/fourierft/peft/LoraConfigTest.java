package io.fourierft.peft;

import static io.fourierft.peft.PeftSamples.names;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.fourierft.FourierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** LoRA adapters in place of FourierFT ones. */
class LoraConfigTest {
  @Test
  void theModulesAreNamedWhereTheSourceLeavesThemToTheDefault() {
    LoraConfig config =
        new LoraConfig(FourierFtConfig.builder().build(), Map.of("a.q", 1, "a.k", 2), false);
    JsonNode json = ConfigReader.tree(config.toJson(), "adapter_config.json");
    List<String> targets = new ArrayList<>();
    json.get("target_modules").forEach(name -> targets.add(name.textValue()));
    assertEquals(List.of("a.k", "a.q"), targets.stream().sorted().toList());
    assertEquals(2, json.get("r").intValue());
    LoraConfig named = new LoraConfig(names("q").build(), Map.of("a.q", 1), false);
    assertEquals(
        "[\"q\"]",
        ConfigReader.tree(named.toJson(), "adapter_config.json").get("target_modules").toString());
  }

  @Test
  void aRankIsAtLeastOne() {
    Refusal.says(
        () -> new LoraConfig(names("q").build(), Map.of("q", 0), false),
        "module 'q' has rank 0; it must be at least 1");
    Refusal.says(
        () -> new LoraConfig(names("q").build(), Map.of(), false), "there is no module to write");
  }

  @Test
  void bothFactorsAreCounted() {
    TensorData none = TensorData.of(new byte[0]);
    assertEquals(4 * (3 * 2 + 5 * 2), new LoraModule("q", 3, 5, 2, none, none).sizeInBytes());
    assertEquals(
        4L * 8 * (1L << 31), new LoraModule("q", 1 << 30, 1 << 30, 8, none, none).sizeInBytes());
  }

  @Test
  void aFolderOfOtherThingsIsNotFree(@TempDir Path folder) throws IOException {
    LoraAdapterWriter.requireFree(folder.resolve("new"), false);
    LoraAdapterWriter.requireFree(folder, false);
    Files.writeString(folder.resolve("letter.txt"), "dear");
    for (boolean overwrite : new boolean[] {true, false}) {
      FourierException taken =
          assertThrows(
              FourierException.class, () -> LoraAdapterWriter.requireFree(folder, overwrite));
      assertTrue(String.valueOf(taken.getMessage()).contains(folder.toString()));
    }
  }
}
