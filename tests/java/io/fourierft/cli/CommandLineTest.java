package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.DefinitionOracle;
import io.fourierft.FourierAdapter;
import io.fourierft.SpectralLocations;
import io.fourierft.TinyModel;
import io.fourierft.safetensors.DType;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class CommandLineTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {"merge", "unmerge", "delta", "locations", "inspect", "train-demo", "doctor"})
  void everyCommandExplainsItself(String command) {
    CommandLineRun run = CommandLineRun.of(command, "--help");
    assertEquals(0, run.code());
    assertTrue(run.out().contains("Usage: fourierft " + command), run.out());
    assertTrue(run.out().contains("--json"), run.out());
    assertTrue(CommandLineRun.of("--help").out().contains(command));
  }

  @Test
  void unmergeSaysThatItIsNotExact() {
    assertTrue(CommandLineRun.of("unmerge", "--help").out().contains("cannot restore every bit"));
  }

  @Test
  void theVersionIsThatOfTheBuild() {
    assertTrue(CommandLineRun.of("--version").out().matches("fourierft \\d+\\.\\d+.*\\R"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--base x --adapter y --out z --saef | Unknown option",
        "--base | Missing",
        "--base x --adapter y | Missing required option: '--out=DIR'",
        "--base x --adapter y --out z --dtype int8 | Invalid value for option '--dtype'",
        "--base x --adapter y --out z --max-shard-size lots | is no size",
        "--base x --adapter y --out z --device tpu | device 'tpu' is unknown",
        "--base x --adapter y --out z --threads -1 | threads is -1",
      })
  void wrongUsageIsExitCodeTwo(String arguments, String says) {
    CommandLineRun run = CommandLineRun.of((Object[]) ("merge " + arguments).split(" ", -1));
    assertEquals(2, run.code(), run.err());
    assertTrue(run.err().contains(says), run.err());
    assertTrue(run.err().contains("--help"), run.err());
    assertEquals("", run.out());
  }

  @Test
  void anUnknownCommandSuggestsTheNearest() {
    CommandLineRun run = CommandLineRun.of("merg");
    assertEquals(2, run.code());
    assertTrue(run.err().contains("merge"), run.err());
  }

  @Test
  void missingFilesAreExitCodeOneAndNamed() {
    Path nowhere = folder.resolve("nowhere");
    CommandLineRun run =
        CommandLineRun.of(
            "merge", "--base", nowhere, "--adapter", nowhere, "--out", folder.resolve("out"));
    assertEquals(1, run.code());
    assertTrue(run.err().contains(nowhere.toString()), run.err());
    assertFalse(run.err().contains("\tat "), run.err());
  }

  @ParameterizedTest
  @CsvSource({
    "0, n_frequency is 0",
    "13, n_frequency is 13",
  })
  void locationsRefusesWhatDoesNotFit(int n, String says) {
    CommandLineRun run =
        CommandLineRun.of(
            "locations", "--rows", 3, "--cols", 4, "--n-frequency", n, "--seed", "777");
    assertEquals(1, run.code());
    assertTrue(run.err().contains(says), run.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "18446744073709551615", "4294968073", "777"})
  void locationsTakesEverySeedThatTorchTakes(String seed) throws IOException {
    CommandLineRun run =
        CommandLineRun.of(
            "locations", "--rows", 9, "--cols", 7, "--n-frequency", 5, "--seed", seed, "--json");
    assertEquals(0, run.code(), run.err());
    JsonNode json = new ObjectMapper().readTree(run.out());
    SpectralLocations expected =
        SpectralLocations.of(9, 7, 5, new java.math.BigInteger(seed).longValue());
    for (int k = 0; k < 5; k++) {
      assertEquals(expected.row(k), json.get("row").get(k).asInt());
      assertEquals(expected.col(k), json.get("col").get(k).asInt());
    }
    assertEquals(
        1,
        CommandLineRun.of(
                "locations",
                "--rows",
                9,
                "--cols",
                7,
                "--n-frequency",
                5,
                "--seed",
                "18446744073709551616")
            .code());
  }

  @Test
  void inspectShowsWhatAnAdapterHoldsWithAndWithoutItsBase() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"), DType.F32);
    Path adapter = TinyModel.adapter(folder.resolve("adapter"), 5, TinyModel.LAYERS);
    CommandLineRun alone = CommandLineRun.of("inspect", "--adapter", adapter);
    assertEquals(0, alone.code(), alone.err());
    for (String layer : TinyModel.LAYERS) {
      assertTrue(alone.out().contains(layer), alone.out());
    }
    CommandLineRun run =
        CommandLineRun.of("inspect", "--adapter", adapter, "--base", base, "--json");
    JsonNode module = new ObjectMapper().readTree(run.out()).get("modules").get(0);
    assertEquals(TinyModel.ROWS, module.get("out_features").asInt());
    assertEquals(TinyModel.COLS, module.get("in_features").asInt());
    assertTrue(module.get("delta_norm").asDouble() > 0);
  }

  @Test
  void thePlotIsAPicture() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"), DType.F32);
    Path adapter = TinyModel.adapter(folder.resolve("adapter"), 5, TinyModel.LAYERS);
    Path plot = folder.resolve("plots/spectrum.png");
    CommandLineRun run =
        CommandLineRun.of("inspect", "--adapter", adapter, "--base", base, "--plot", plot);
    assertEquals(0, run.code(), run.err());
    BufferedImage image = ImageIO.read(plot.toFile());
    assertTrue(image.getWidth() > image.getHeight(), "two charts side by side");
    assertTrue(
        image.getRGB(0, 0) == -1 && colours(image) > 50, "white around, and many colours within");
    assertEquals(2, CommandLineRun.of("inspect", "--adapter", adapter, "--plot", plot).code());
    assertEquals(
        2,
        CommandLineRun.of(
                "inspect", "--adapter", adapter, "--base", base, "--plot", folder.resolve("x.gif"))
            .code());
  }

  private static long colours(BufferedImage image) {
    return java.util.Arrays.stream(
            image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth()))
        .distinct()
        .count();
  }

  @Test
  void theNormOfADeltaNeedsNoDelta() {
    Random random = new Random(99);
    for (int[] shape : new int[][] {{1, 1}, {1, 6}, {8, 8}, {5, 7}, {6, 4}}) {
      int most = shape[0] * shape[1];
      for (int n : new int[] {1, Math.max(1, most / 3), most}) {
        float[] spectrum = new float[n];
        for (int k = 0; k < n; k++) {
          spectrum[k] = (float) random.nextGaussian();
        }
        FourierAdapter adapter =
            FourierAdapter.of(SpectralLocations.of(shape[0], shape[1], n, 3), spectrum, -7);
        double squares = 0;
        for (double value : DefinitionOracle.delta(adapter)) {
          squares += value * value;
        }
        double norm = Math.sqrt(squares);
        assertEquals(norm, adapter.deltaNorm(), 1e-12 + 1e-12 * norm);
      }
    }
  }

  @Test
  void doctorSaysWhyEachEngineIsOrIsNotUsed() throws IOException {
    CommandLineRun run = CommandLineRun.of("doctor", "--json");
    assertEquals(0, run.code(), run.err());
    JsonNode engines = new ObjectMapper().readTree(run.out()).get("engines");
    assertEquals(2, engines.size());
    for (JsonNode engine : engines) {
      String reasons = engine.get("available").asBoolean() ? "details" : "obstacles";
      assertTrue(engine.get(reasons).size() > 0, engine.toString());
    }
    String text = CommandLineRun.of("doctor").out();
    assertTrue(text.contains("cuda"), text);
    assertTrue(text.contains("cpu: available"), text);
  }

  @Test
  void deltaRefusesToReplaceAFileUnasked() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"), DType.F32);
    Path adapter = TinyModel.adapter(folder.resolve("adapter"), 5, TinyModel.LAYERS);
    Path out = Files.writeString(folder.resolve("delta.safetensors"), "precious");
    List<Object> arguments = List.of("delta", "--base", base, "--adapter", adapter, "--out", out);
    CommandLineRun run = CommandLineRun.of(arguments.toArray());
    assertEquals(1, run.code());
    assertEquals("precious", Files.readString(out));
    assertEquals(
        0,
        CommandLineRun.of(
                "delta", "--base", base, "--adapter", adapter, "--out", out, "--overwrite")
            .code());
    assertTrue(Files.size(out) > 3 * 4 * TinyModel.ROWS * TinyModel.COLS);
  }

  @ParameterizedTest
  @CsvSource({"5GB, 5000000000", "500MiB, 524288000", "1.5K, 1500", "17, 17", "17B, 17"})
  void sizesAreReadAsTransformersReadsThem(String text, long bytes) {
    assertEquals(bytes, new ByteSize().convert(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "-1", "5 apples", "1iB", "9999999TB"})
  void sizesThatAreNoneAreRefused(String text) {
    assertThrows(TypeConversionException.class, () -> new ByteSize().convert(text));
  }
}
