package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainDemoCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    return Main.run(new PrintWriter(out), new PrintWriter(err), arguments);
  }

  @Test
  void printsBothCurvesAndWritesThePicture(@TempDir Path folder) throws IOException {
    Path picture = folder.resolve("pictures").resolve("curves.png");
    assertEquals(
        0, run("train-demo", "--seeds", "2", "--epochs", "10", "--out", picture.toString()));
    String text = out.toString();
    assertTrue(text.contains("epoch  LoRA r=1  FourierFT n=128"), text);
    assertTrue(text.contains("LoRA r=1 reached 100 % in 0 of 2 runs within 10 epochs"), text);
    BufferedImage image = ImageIO.read(picture.toFile());
    assertEquals(900, image.getWidth());
  }

  @Test
  void jsonHoldsEveryCurve() throws IOException {
    assertEquals(0, run("train-demo", "--seed", "4", "--epochs", "3", "--json"));
    JsonNode root = new ObjectMapper().readTree(out.toString());
    assertEquals(2, root.get("runs").size());
    JsonNode first = root.get("runs").get(0);
    assertEquals("LoRA r=1", first.get("method").asText());
    assertEquals(4, first.get("seed").asInt());
    assertEquals(4, first.get("accuracy").size());
    assertEquals(128, first.get("trainable_numbers").asInt());
  }

  @Test
  void numbersThatMakeNoSenseAreWrongUsage() {
    assertEquals(2, run("train-demo", "--epochs", "0"));
    assertTrue(err.toString().contains("--epochs is 0; it must be at least 1"), err.toString());
    assertEquals(2, run("train-demo", "--seeds", "many"));
  }
}
