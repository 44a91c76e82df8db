package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.fourierft.ModelFiles;
import io.fourierft.plot.PlotTheme;
import io.fourierft.safetensors.DType;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What inspect, delta, locations and doctor show. */
class InspectCommandTest extends ModelCommandTest {
  @Test
  void withoutABaseNoShapesAreKnown() throws IOException {
    Path adapter = adapter("adapter", 1, DType.BF16);
    String text = succeeded(CommandLineRun.of("inspect", "--adapter", adapter));
    assertTrue(text.contains("n_frequency 10, scaling 20.0, random_loc_seed 1, 2 modules"), text);
    assertTrue(text.contains(QUERY + "  BF16"), text);
    assertTrue(text.contains("give --base to see shapes"), text);
    JsonNode root = json(CommandLineRun.of("inspect", "--adapter", adapter, "--json"));
    assertEquals(2, root.get("modules").size());
    assertFalse(root.get("modules").get(0).has("delta_norm"));
    assertEquals("BF16", root.get("modules").get(0).get("dtype").asText());
  }

  @Test
  void withABaseShapesAndNormsAreShown() throws IOException {
    Path base = base(DType.F32);
    Path adapter = adapter("adapter", 1, DType.F32);
    JsonNode root = json(run("inspect", "--adapter", adapter, "--base", base, "--json"));
    assertEquals("inspect", root.get("command").asText());
    assertEquals(20.0, root.get("scaling").asDouble());
    JsonNode module = root.get("modules").get(0);
    assertEquals(QUERY, module.get("module").asText());
    assertEquals(QUERY + ".weight", module.get("weight").asText());
    assertEquals(24, module.get("out_features").asInt());
    assertEquals(12, module.get("in_features").asInt());
    assertEquals("OUT_IN", module.get("layout").asText());
    double squares = 0;
    for (float c : ModelFiles.normal(10, 1, 1)) {
      squares += (double) c * c;
    }
    assertEquals(Math.sqrt(squares), module.get("spectrum_norm").asDouble(), 1e-9);
    // The norm that a merge measures is the one that inspect takes from the coefficients.
    JsonNode merged = json(merge(base, adapter, results.resolve("merged"), "--json"));
    assertEquals(
        merged.get("changes").get(0).get("delta_norm").asDouble(),
        module.get("delta_norm").asDouble(),
        1e-6 * module.get("delta_norm").asDouble());
    String text = succeeded(run("inspect", "--adapter", adapter, "--base", base));
    assertFalse(text.contains("give --base"), text);
  }

  @Test
  void extraTensorsAreShown() throws IOException {
    Path adapter =
        queryAdapter(
            "adapter",
            ", \"modules_to_save\": [\"norm\"]",
            new float[] {1, 2},
            ModelFiles.vector("base_model.model.model.norm.weight", DType.F16, 12, 4));
    String text = succeeded(CommandLineRun.of("inspect", "--adapter", adapter));
    assertTrue(text.contains("also carries model.norm.weight F16 [12]"), text);
    JsonNode extra =
        json(CommandLineRun.of("inspect", "--adapter", adapter, "--json"))
            .get("extra_tensors")
            .get(0);
    assertEquals("SAVED_MODULE", extra.get("kind").asText());
    assertEquals("model.norm.weight", extra.get("base_tensor").asText());
  }

  @Test
  void aBrokenSpectrumIsNotedAndItsJsonIsStillJson() throws IOException {
    Path adapter = queryAdapter("adapter", "", new float[] {1, Float.NaN, 3});
    JsonNode root = json(run("inspect", "--adapter", adapter, "--base", base(DType.F32), "--json"));
    assertEquals("NaN", root.get("modules").get(0).get("delta_norm").asText());
    assertEquals("NaN", root.get("modules").get(0).get("largest_coefficient").asText());
    assertTrue(root.get("notes").get(0).asText().contains("not finite"));
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "0, 0", "NaN, 1", "Infinity, 0"})
  void thePlotIsAReadablePicture(float first, float second) throws IOException {
    Path adapter = queryAdapter("adapter", "", new float[] {first, second, second});
    Path picture = results.resolve("pictures/plot.PNG");
    String text =
        succeeded(
            run(
                "inspect",
                adapter,
                "--base",
                base(DType.F32),
                "--plot",
                picture,
                "--module",
                QUERY));
    assertTrue(text.contains("drew " + picture), text);
    assertEquals(List.of("plot.PNG"), ModelFiles.names(picture.getParent()));
    BufferedImage image = ImageIO.read(picture.toFile());
    assertNotNull(image);
    assertTrue(image.getWidth() > image.getHeight(), "two charts beside each other");
    assertTrue(colours(image).size() > 5, "it is not empty");
  }

  private static Set<Integer> colours(BufferedImage image) {
    Set<Integer> colours = new HashSet<>();
    for (int y = 0; y < image.getHeight(); y += 2) {
      for (int x = 0; x < image.getWidth(); x += 2) {
        colours.add(image.getRGB(x, y) & 0xFFFFFF);
      }
    }
    return colours;
  }

  /** One bar of each colour for each kind of module; a dark page has the dark behind them. */
  @Test
  void withoutAModuleEveryLayerHasItsBar() throws IOException {
    Path base = base(DType.F32);
    Path adapter = adapter("adapter", 1, DType.F32);
    for (PlotTheme theme : PlotTheme.values()) {
      Path picture = results.resolve(theme + ".png");
      List<Object> arguments =
          new ArrayList<>(List.of("inspect", adapter, "--base", base, "--plot", picture));
      if (theme == PlotTheme.DARK) {
        arguments.add("--dark");
      }
      succeeded(CommandLineRun.of(arguments.toArray()));
      Set<Integer> colours = colours(ImageIO.read(picture.toFile()));
      for (Color color : List.of(theme.series(0), theme.series(1), theme.background())) {
        assertTrue(colours.contains(color.getRGB() & 0xFFFFFF), theme + " " + color);
      }
    }
  }

  @Test
  void aBrokenAdapterHasBarsOfNoLength() throws IOException {
    Path adapter = queryAdapter("adapter", "", new float[] {1, Float.NaN, 3});
    Path picture = results.resolve("bars.png");
    succeeded(run("inspect", adapter, "--base", base(DType.F32), "--plot", picture));
    assertNotNull(ImageIO.read(picture.toFile()));
  }

  @Test
  void plottingAModuleThatIsNotThereIsWrongUsage() throws IOException {
    CommandLineRun run =
        run(
            "inspect",
            "--adapter",
            adapter("adapter", 1, DType.F32),
            "--base",
            base(DType.F32),
            "--plot",
            results.resolve("x.png"),
            "--module",
            "nothing");
    assertEquals(2, run.code());
    assertTrue(run.err().contains("no module 'nothing'"), run.err());
    assertEquals(List.of(), ModelFiles.names(results));
  }

  @Test
  void deltaTellsWhatItWrote() throws IOException {
    Path base = base(DType.BF16);
    Path adapter = adapter("adapter", 1, DType.F32);
    Path out = results.resolve("new/deltas.safetensors");
    JsonNode root =
        json(run("delta", "--base", base, "--adapter", adapter, "--out", out, "--json"));
    assertEquals("delta", root.get("command").asText());
    assertEquals(4 * (24 * 12 + 12 * 12), root.get("size").asInt());
    assertEquals(QUERY + ".delta", root.get("tensors").get(0).asText());
    CommandLineRun again = run("delta", "--base", base, "--adapter", adapter, "--out", out);
    assertEquals(1, again.code());
    assertTrue(again.err().contains("--overwrite"), again.err());
    String text =
        succeeded(run("delta", "--base", base, "--adapter", adapter, "--out", out, "--overwrite"));
    assertTrue(text.contains("wrote 2 deltas to"), text);
    assertEquals(List.of("deltas.safetensors"), ModelFiles.names(out.getParent()));
  }

  @Test
  void locationsAreTheSameInJson() throws IOException {
    Object[] arguments = {"locations", "--rows", 7, "--cols", 9, "--n-frequency", 63, "--seed", -3};
    String[] lines = succeeded(CommandLineRun.of(arguments)).split("\\R");
    Object[] withJson = Arrays.copyOf(arguments, arguments.length + 1);
    withJson[arguments.length] = "--json";
    JsonNode root = json(CommandLineRun.of(withJson));
    assertEquals(63, lines.length);
    Set<String> different = new HashSet<>(List.of(lines));
    assertEquals(63, different.size(), "every place once");
    for (int k = 0; k < lines.length; k++) {
      assertEquals(lines[k], root.get("row").get(k).asInt() + " " + root.get("col").get(k).asInt());
    }
    assertEquals(-3, root.get("seed").asInt());
  }

  @Test
  void doctorTellsOfTheCpuEngine() throws IOException {
    String text = succeeded(CommandLineRun.of("doctor"));
    assertTrue(text.contains("Java       " + Runtime.version()), text);
    assertTrue(text.contains("cpu: available"), text);
    JsonNode root = json(CommandLineRun.of("doctor", "--json"));
    int used = 0;
    boolean cpu = false;
    for (JsonNode engine : root.get("engines")) {
      used += engine.get("used").asBoolean() ? 1 : 0;
      cpu |= engine.get("name").asText().equals("cpu") && engine.get("available").asBoolean();
      if (!engine.get("available").asBoolean()) {
        assertTrue(engine.get("obstacles").size() > 0, engine.toString());
        assertFalse(engine.get("obstacles").get(0).get("remedy").asText().isEmpty());
      }
    }
    assertTrue(cpu);
    assertEquals(1, used, "one engine is used");
  }
}
