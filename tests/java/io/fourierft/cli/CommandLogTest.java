package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.ChildJvm;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the library logs, as a user of the command line sees it. */
class CommandLogTest {
  private static String doctor(String... flags) throws IOException, InterruptedException {
    try (ChildJvm child = ChildJvm.startPlain("", List.of(flags), Main.class, "doctor")) {
      String text = child.finish();
      assertEquals(0, child.waitFor(), text);
      return text;
    }
  }

  @Test
  void warningsAreLinesOfTheProgramAndNothingLessIsShown()
      throws IOException, InterruptedException {
    String text = doctor("-Dfourierft.device=cpu");
    assertTrue(
        text.contains("fourierft: warning: the SIMD kernels are off and JTransforms computes"),
        text);
    assertFalse(text.contains("INFO"), text);
    assertFalse(text.contains("engine cpu taken"), text);
  }

  @Test
  void doctorTellsWhatIsUsedByTheRuleThatOpensEngines() throws IOException {
    CommandLineRun run = CommandLineRun.of("doctor", "--json");
    assertEquals(0, run.code(), run.err());
    JsonNode engines = new ObjectMapper().readTree(run.out()).path("engines");
    int used = 0;
    for (JsonNode engine : engines) {
      used += engine.path("used").asBoolean() ? 1 : 0;
    }
    assertEquals(1, used, run.out());
    assertEquals("cpu", engines.get(engines.size() - 1).path("name").asText());
  }

  @Test
  void doctorFailsWhereTheDeviceAskedForCannotBeHad() throws IOException, InterruptedException {
    try (ChildJvm child =
        ChildJvm.startPlain(
            "",
            List.of(
                "-Dfourierft.device=cuda",
                "-Dfourierft.cuda=/nowhere/libcuda.so.1",
                "--enable-native-access=ALL-UNNAMED"),
            Main.class,
            "doctor")) {
      String text = child.finish();
      assertEquals(Main.FAILURE, child.waitFor(), text);
      assertTrue(text.contains("cuda:0: not available"), text);
      assertTrue(text.contains("cpu: available, not used"), text);
    }
  }
}
