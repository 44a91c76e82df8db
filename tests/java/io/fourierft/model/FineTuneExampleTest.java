package io.fourierft.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.ExamplePrograms;
import io.fourierft.peft.AdapterModule;
import io.fourierft.peft.PeftAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The example that trains a vision transformer does what PEFT and torch do on the same images from
 * the same first values; {@code examples/finetune/reference.py} made the figures.
 */
class FineTuneExampleTest {
  private static final Path REFERENCE = ExamplePrograms.PROJECT.resolve("tests/resources/finetune");

  @TempDir static Path classes;
  @TempDir Path folder;

  @BeforeAll
  static void compile() throws IOException {
    FineTuneProgram.compile(classes);
  }

  private void run(String out, String... more) throws Exception {
    new FineTuneProgram(classes, folder).run("cpu", out, more);
  }

  private double[] losses(String out) throws IOException {
    return new FineTuneProgram(classes, folder).losses(out);
  }

  @Test
  void fiftyStepsAreThoseOfPeftAndTorch() throws Exception {
    String first = REFERENCE.resolve("first-adapter").toString();
    run("run", "--adapter", first, "--steps", "50");
    double[] wanted =
        new ObjectMapper().readValue(REFERENCE.resolve("losses.json").toFile(), double[].class);
    double[] found = losses("run");
    assertEquals(50, wanted.length);
    assertEquals(50, found.length);
    for (int step = 0; step < wanted.length; step++) {
      assertEquals(wanted[step], found[step], 1e-4 * wanted[step], "loss of step " + (step + 1));
    }
    PeftAdapter ours = PeftAdapter.open(folder.resolve("run/adapter"));
    PeftAdapter theirs = PeftAdapter.open(REFERENCE.resolve("trained-adapter"));
    assertEquals(theirs.modules().keySet(), ours.modules().keySet());
    assertEquals(
        theirs.extraTensors().stream().map(extra -> extra.key()).toList(),
        ours.extraTensors().stream().map(extra -> extra.key()).toList());
    for (AdapterModule module : theirs.modules().values()) {
      float[] trained = module.spectrum().toFloats();
      float[] own = ours.module(module.path()).orElseThrow().spectrum().toFloats();
      double difference = 0;
      double norm = 0;
      for (int k = 0; k < trained.length; k++) {
        difference += Math.pow(trained[k] - own[k], 2);
        norm += Math.pow(trained[k], 2);
      }
      assertTrue(Math.sqrt(difference / norm) < 1e-3, module.path());
    }
  }

  @Test
  void whatIsInterruptedGoesOnBitForBit() throws Exception {
    run("whole", "--steps", "8");
    run("parts", "--steps", "3");
    run("parts", "--steps", "8", "--resume");
    assertArrayEquals(losses("whole"), losses("parts"));
    for (String file : List.of("adapter/adapter_model.safetensors", "state.safetensors")) {
      assertEquals(
          -1,
          Files.mismatch(
              folder.resolve("whole").resolve(file), folder.resolve("parts").resolve(file)),
          file);
    }
    assertEquals(900, ImageIO.read(folder.resolve("parts/curve.png").toFile()).getWidth());
  }

  /** PEFT loaded what this program had trained, and gave these scores. */
  @Test
  void peftGivesTheSameScoresForWhatWasTrainedHere() throws Exception {
    run("scored", "--adapter", REFERENCE.resolve("java-adapter").toString(), "--steps", "0");
    ObjectMapper mapper = new ObjectMapper();
    double[] wanted = mapper.readValue(REFERENCE.resolve("scores.json").toFile(), double[].class);
    double[] found =
        mapper.readValue(folder.resolve("scored/scores.json").toFile(), double[].class);
    double largest = 0;
    for (double score : wanted) {
      largest = Math.max(largest, Math.abs(score));
    }
    assertArrayEquals(wanted, found, 1e-5 * largest);
    assertEquals(40, found.length);
  }
}
