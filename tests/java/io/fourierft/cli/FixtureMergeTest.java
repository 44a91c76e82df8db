package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.PeftFixture;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every case that PEFT computed, end to end through the command line. Prints the figures that stand
 * in README's table of conformance.
 */
class FixtureMergeTest {
  @TempDir Path folder;

  static List<PeftFixture> fixtures() {
    return PeftFixture.all();
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void mergeGivesPeftsWeights(PeftFixture fixture) throws IOException {
    Path out = folder.resolve("merged");
    CommandLineRun run =
        CommandLineRun.of(
            "merge", "--base", fixture.base(), "--adapter", fixture.adapter(), "--out", out);
    assertEquals(0, run.code(), run.err());
    try (SafetensorsFile expected = fixture.expected();
        SafetensorsCheckpoint base = SafetensorsCheckpoint.open(fixture.base());
        SafetensorsCheckpoint merged = SafetensorsCheckpoint.open(out)) {
      assertEquals(names(fixture.base()), names(out), "the files of the model");
      Set<String> touched = new TreeSet<>();
      for (String module : PeftFixture.modules(expected)) {
        touched.add(module + ".weight");
        compareMerged(fixture, module, expected, merged);
      }
      for (SafetensorsCheckpoint.Location location : base.tensors().values()) {
        String name = location.tensor().name();
        SafetensorsCheckpoint.Location there = merged.tensors().get(name);
        assertEquals(location.shard().fileName(), there.shard().fileName(), name);
        assertEquals(location.shard().file().metadata(), there.shard().file().metadata());
        if (!touched.contains(name)) {
          long mismatch =
              location.shard().file().data(name).mismatch(there.shard().file().data(name));
          assertEquals(-1, mismatch, name + " is copied byte for byte");
        }
      }
    }
  }

  private static void compareMerged(
      PeftFixture fixture, String module, SafetensorsFile expected, SafetensorsCheckpoint merged) {
    String name = module + ".weight";
    SafetensorsFile file = merged.tensors().get(name).shard().file();
    double[] ours = PeftFixture.doubles(file, name);
    double[] theirs = PeftFixture.doubles(expected, module + ".merged_weight");
    DType dtype = expected.tensor(module + ".merged_weight").dtype();
    assertEquals(dtype, file.tensor(name).dtype());
    if (PeftFixture.isHalfPrecision(dtype)) {
      int equal = 0;
      long furthest = 0;
      for (int i = 0; i < ours.length; i++) {
        equal += ours[i] == theirs[i] ? 1 : 0;
        furthest = Math.max(furthest, stepsApart(dtype, ours[i], theirs[i]));
      }
      double share = (double) equal / ours.length;
      report(
          fixture,
          module,
          "merged %s: %.4f%% equal, at most %d unit(s) in the last place apart"
              .formatted(dtype, 100 * share, furthest));
      assertTrue(share >= 0.999, "share of equal elements " + share);
      assertTrue(furthest <= 1, furthest + " units in the last place");
    } else {
      double error = PeftFixture.relativeError(ours, theirs);
      report(fixture, module, "merged %s: relative Frobenius error %.2e".formatted(dtype, error));
      assertTrue(error <= 3e-7, "relative error " + error);
    }
  }

  /** How many representable numbers lie between two of them; 0 if they are equal. */
  private static long stepsApart(DType dtype, double a, double b) {
    return Math.abs(ordinal(dtype, (float) a) - ordinal(dtype, (float) b));
  }

  private static long ordinal(DType dtype, float value) {
    short bits =
        dtype == DType.BF16 ? ElementType.floatToBfloat16(value) : Float.floatToFloat16(value);
    return bits >= 0 ? bits : -(bits & 0x7FFF);
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void deltaIsWithinAMillionthOfTheDefinition(PeftFixture fixture) throws IOException {
    Path out = folder.resolve("delta.safetensors");
    CommandLineRun run =
        CommandLineRun.of(
            "delta", "--base", fixture.base(), "--adapter", fixture.adapter(), "--out", out);
    assertEquals(0, run.code(), run.err());
    try (SafetensorsFile expected = fixture.expected();
        SafetensorsFile deltas = SafetensorsFile.open(out)) {
      List<String> modules = PeftFixture.modules(expected);
      assertEquals(modules.size(), deltas.tensors().size());
      for (String module : modules) {
        String name = module + ".delta";
        assertEquals(DType.F32, deltas.tensor(name).dtype());
        assertEquals(expected.tensor(module + ".delta64").shape(), deltas.tensor(name).shape());
        double error =
            PeftFixture.relativeError(
                PeftFixture.doubles(deltas, name),
                PeftFixture.doubles(expected, module + ".delta64"));
        report(fixture, module, "delta: relative Frobenius error %.2e".formatted(error));
        assertTrue(error <= 1e-6, "relative error " + error);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void locationsAreExactlyPefts(PeftFixture fixture) throws IOException {
    String config = Files.readString(fixture.adapter().resolve("adapter_config.json"));
    String seed = config.replaceAll("(?s).*\"random_loc_seed\": (-?\\d+).*", "$1");
    try (SafetensorsFile expected = fixture.expected()) {
      for (String module : PeftFixture.modules(expected)) {
        double[] indices = PeftFixture.doubles(expected, module + ".indices");
        List<Long> shape = expected.tensor(module + ".delta64").shape();
        int n = indices.length / 2;
        CommandLineRun run =
            CommandLineRun.of(
                "locations",
                "--rows",
                shape.get(0),
                "--cols",
                shape.get(1),
                "--n-frequency",
                n,
                "--seed",
                seed);
        assertEquals(0, run.code(), run.err());
        double[] ours = new double[2 * n];
        String[] lines = run.out().split("\\R", -1);
        for (int k = 0; k < n; k++) {
          String[] fields = lines[k].split(" ", -1);
          ours[k] = Double.parseDouble(fields[0]);
          ours[n + k] = Double.parseDouble(fields[1]);
        }
        assertEquals(n + 1, lines.length, "one line each");
        assertArrayEquals(indices, ours, module);
        report(fixture, module, "%d locations exact".formatted(n));
      }
    }
  }

  private static Set<String> names(Path model) throws IOException {
    try (Stream<Path> files = Files.list(model)) {
      return new TreeSet<>(files.map(path -> path.getFileName().toString()).toList());
    }
  }

  private static void report(PeftFixture fixture, String module, String found) {
    System.out.printf(Locale.ROOT, "conformance  %-26s %-48s %s%n", fixture.name(), module, found);
  }
}
