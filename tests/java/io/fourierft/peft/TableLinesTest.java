package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The tables of facts about transformers are read line by line. */
class TableLinesTest {
  @Test
  void everyLineComesWithItsHeadingAndCommentsDoNot() {
    Map<String, List<String>> sections = new LinkedHashMap<>();
    TableLines.forEach(
        "names.txt",
        (heading, text) -> sections.computeIfAbsent(heading, key -> new ArrayList<>()).add(text));
    assertEquals("*", sections.keySet().iterator().next());
    assertEquals(
        List.of(
            "",
            "LayerNorm.gamma -> LayerNorm.weight",
            "LayerNorm.beta -> LayerNorm.bias",
            "weight_g -> parametrizations.weight.original0",
            "weight_v -> parametrizations.weight.original1"),
        sections.get("*"));
    for (List<String> lines : sections.values()) {
      assertEquals("", lines.getFirst());
      for (String line : lines.subList(1, lines.size())) {
        assertFalse(line.isEmpty() || line.startsWith("//") || line.startsWith("["), line);
      }
    }
  }

  @Test
  void aTableThatTheLibraryLacksIsNamed() {
    IllegalStateException missing =
        assertThrows(
            IllegalStateException.class, () -> TableLines.forEach("none.txt", (h, t) -> {}));
    assertTrue(String.valueOf(missing.getMessage()).contains("none.txt is missing"));
  }
}
