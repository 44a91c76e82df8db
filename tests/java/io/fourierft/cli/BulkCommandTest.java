package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.ModelFiles;
import io.fourierft.bulk.BulkFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands over many adapters. */
class BulkCommandTest {
  @TempDir Path folder;
  private Path base;
  private Path adapters;
  private Path out;

  @BeforeEach
  void makeFiles() throws IOException {
    base = BulkFixture.base(folder.resolve("base"));
    adapters = folder.resolve("adapters");
    BulkFixture.adapters(adapters, 3);
    out = folder.resolve("out");
  }

  private static List<JsonNode> lines(CommandLineRun run) throws IOException {
    List<JsonNode> nodes = new ArrayList<>();
    for (String line : run.out().strip().split("\\R", -1)) {
      nodes.add(new ObjectMapper().readTree(line));
    }
    return nodes;
  }

  @Test
  void deltasOfAFolderAreATableOrLinesOfJson() throws IOException {
    CommandLineRun run =
        CommandLineRun.of("delta", "--base", base, "--adapters", adapters, "--out", out);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("a01"), run.out());
    assertTrue(run.out().contains("3 written (7.5 KiB), 0 skipped, 0 failed"), run.out());
    run =
        CommandLineRun.of(
            "delta", "--base", base, "--adapters", adapters, "--out", out, "--resume", "--json");
    assertEquals(0, run.code(), run.err());
    List<JsonNode> records = lines(run);
    assertEquals(3, records.size());
    assertEquals("a00", records.getFirst().get("name").asText());
    assertEquals("skipped", records.getFirst().get("status").asText());
    Path single = folder.resolve("single.safetensors");
    run =
        CommandLineRun.of(
            "delta", "--base", base, "--adapter", adapters.resolve("a01"), "--out", single);
    assertEquals(0, run.code(), run.err());
    assertEquals(-1, Files.mismatch(single, out.resolve("a01.safetensors")));
  }

  @Test
  void adaptersAreNamedOneByOneOrByAListToo() throws IOException {
    Path list = folder.resolve("list.txt");
    Files.writeString(list, "mine\t" + adapters.resolve("a02") + "\n");
    CommandLineRun run =
        CommandLineRun.of(
            "delta",
            "--base",
            base,
            "--adapter",
            adapters.resolve("a00"),
            "--adapter",
            adapters.resolve("a01"),
            "--adapters",
            list,
            "--out",
            out);
    assertEquals(0, run.code(), run.err());
    assertEquals(
        List.of("a00.safetensors", "a01.safetensors", "mine.safetensors"),
        List.copyOf(BulkFixture.files(out).keySet()));
  }

  @Test
  void failuresAreReportedAtTheEnd() throws IOException {
    BulkFixture.spoil(adapters.resolve("a01"));
    CommandLineRun run =
        CommandLineRun.of("delta", "--base", base, "--adapters", adapters, "--out", out);
    assertEquals(1, run.code());
    assertTrue(run.err().contains("adapter 'a01': "), run.err());
    assertTrue(run.err().contains("(--keep-going)"), run.err());
    assertFalse(Files.exists(out));
    run =
        CommandLineRun.of(
            "delta", "--base", base, "--adapters", adapters, "--out", out, "--keep-going");
    assertEquals(1, run.code());
    assertTrue(run.out().contains("2 written (5.0 KiB), 0 skipped, 1 failed"), run.out());
    assertTrue(run.err().startsWith("fourierft: adapter 'a01': "), run.err());
    run =
        CommandLineRun.of(
            "inspect", "--base", base, "--adapters", adapters, "--keep-going", "--json");
    assertEquals(1, run.code());
    List<JsonNode> records = lines(run);
    assertEquals(3, records.size());
    assertTrue(records.get(1).get("error").asText().contains("3 coefficients"), run.out());
    assertTrue(records.get(2).get("delta_norm").asDouble() > 0, run.out());
    assertEquals(2, records.get(2).get("modules").size());
  }

  @Test
  void inspectShowsALineAnAdapter() {
    CommandLineRun run = CommandLineRun.of("inspect", "--base", base, "--adapters", adapters);
    assertEquals(0, run.code(), run.err());
    assertEquals(4, run.out().strip().lines().count(), run.out());
    run = CommandLineRun.of("inspect", "--adapters", adapters);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().lines().skip(1).allMatch(line -> line.endsWith("-")), run.out());
  }

  @Test
  void eachIsOneModelOfEachAndElseOneOfAll() throws IOException {
    CommandLineRun run =
        CommandLineRun.of(
            "merge",
            "--base",
            base,
            "--adapters",
            adapters,
            "--each",
            "--untouched",
            "linked",
            "--out",
            out,
            "--dry-run");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("nothing was written"), run.out());
    assertFalse(Files.exists(out));
    run =
        CommandLineRun.of(
            "merge",
            "--base",
            base,
            "--adapters",
            adapters,
            "--each",
            "--untouched",
            "linked",
            "--out",
            out);
    assertEquals(0, run.code(), run.err());
    Path one = folder.resolve("one");
    run =
        CommandLineRun.of(
            "merge", "--base", base, "--adapter", adapters.resolve("a02"), "--out", one);
    assertEquals(0, run.code(), run.err());
    assertEquals(
        ModelFiles.contents(one).keySet(), ModelFiles.contents(out.resolve("a02")).keySet());
    assertEquals(
        -1,
        Files.mismatch(
            one.resolve("model-00001-of-00002.safetensors"),
            out.resolve("a02/model-00001-of-00002.safetensors")));
  }

  @Test
  void similarityIsAMatrixALineAndAPicture() throws IOException {
    BulkFixture.adapter(adapters.resolve("twin"), 2024, 100);
    Path plot = folder.resolve("plot.png");
    CommandLineRun run =
        CommandLineRun.of("similarity", "--base", base, "--adapters", adapters, "--plot", plot);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("alike: a00, twin"), run.out());
    assertTrue(run.out().contains("4 adapters, 1 pairs"), run.out());
    assertNotNull(ImageIO.read(plot.toFile()));
    run = CommandLineRun.of("similarity", "--base", base, "--adapters", adapters, "--json");
    JsonNode root = new ObjectMapper().readTree(run.out());
    assertEquals(1, root.get("cosines").get(0).get(3).asDouble(), 1e-9);
    assertEquals(4, root.get("delta_norms").size());
    assertEquals(3, root.get("clusters").size());
    BulkFixture.adapters(adapters, 14);
    run = CommandLineRun.of("similarity", "--base", base, "--adapters", adapters);
    assertTrue(run.out().startsWith("adapter  nearest"), run.out());
  }

  @Test
  void wrongUsageIsAnsweredWithWhatIsMeant() {
    String[][] wrong = {
      {"delta --out o", "Missing required option: '--adapter=DIR' or '--adapters=FOLDER|LIST'"},
      {"delta --out o --adapter a --resume", "--resume is for many adapters"},
      {"inspect --adapter a --keep-going", "--keep-going is for many adapters"},
      {"inspect --adapters a --plot p.png", "--plot and --module are for one adapter"},
      {"merge --out o --adapters a", "--adapters needs --each"},
      {"merge --out o --adapter a --memory 1GB", "--memory needs --each"},
      {"similarity --adapters a --threshold 2", "a cosine is from -1 to 1"},
      {"similarity --adapters a --plot x.jpg", ".png"},
    };
    for (String[] one : wrong) {
      List<Object> arguments = new ArrayList<>(List.of((Object[]) one[0].split(" ")));
      arguments.add("--base");
      arguments.add(base);
      CommandLineRun run = CommandLineRun.of(arguments.toArray());
      assertEquals(2, run.code(), one[0] + ": " + run.err());
      assertTrue(run.err().contains(one[1]), run.err());
    }
  }
}
