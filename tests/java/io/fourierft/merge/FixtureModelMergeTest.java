package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.ModelFiles;
import io.fourierft.PeftFixture;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every case that PEFT computed, through the API of merging. */
class FixtureModelMergeTest {
  private static FourierEngine engine;

  @TempDir Path folder;

  @BeforeAll
  static void openEngine() {
    engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu"));
  }

  @AfterAll
  static void closeEngine() {
    engine.close();
  }

  static List<PeftFixture> fixtures() {
    return PeftFixture.all();
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void mergingDoesWhatItPlanned(PeftFixture fixture) throws IOException {
    Path out = folder.resolve("merged");
    List<Path> adapters = List.of(fixture.adapter());
    MergeResult plan = ModelMerge.plan(fixture.base(), adapters, out, MergeOptions.defaults());
    assertFalse(Files.exists(out), "planning writes nothing");
    List<Long> progress = new ArrayList<>();
    MergeResult result =
        ModelMerge.run(
            engine,
            fixture.base(),
            adapters,
            out,
            MergeOptions.defaults(),
            (done, total, what) -> {
              progress.add(done);
              assertEquals(plan.totalSizeInBytes(), total);
            });
    assertEquals(plan.edits(), result.edits());
    assertEquals(plan.files(), result.files());
    assertEquals(plan.untouchedTensors(), result.untouchedTensors());
    assertEquals(List.of(), plan.changes());
    assertEquals(result.totalSizeInBytes(), progress.getLast());
    try (SafetensorsFile expected = fixture.expected()) {
      List<String> modules = PeftFixture.modules(expected);
      assertEquals(modules.size(), result.changes().size());
      for (String module : modules) {
        String name = module + ".weight";
        double[] ours = ModelFiles.elements(out, name);
        double[] theirs = PeftFixture.doubles(expected, module + ".merged_weight");
        double tolerance =
            PeftFixture.isHalfPrecision(expected.tensor(module + ".merged_weight").dtype())
                ? 1e-4
                : 3e-7;
        double error = PeftFixture.relativeError(ours, theirs);
        assertTrue(error <= tolerance, module + " is off by " + error);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void deltasAreWrittenAsTheDefinitionSays(PeftFixture fixture) throws IOException {
    Path out = folder.resolve("deltas/of/it.safetensors");
    DeltaExport.DeltaResult result =
        DeltaExport.write(
            engine,
            fixture.base(),
            fixture.adapter(),
            out,
            false,
            ResolveOptions.defaults(),
            ProgressListener.NONE);
    try (SafetensorsFile expected = fixture.expected();
        SafetensorsFile deltas = SafetensorsFile.open(out)) {
      List<String> modules = PeftFixture.modules(expected);
      assertEquals(modules.size(), result.tensors().size());
      assertEquals(result.sizeInBytes(), deltas.dataSizeInBytes());
      for (String module : modules) {
        String name = module + DeltaExport.SUFFIX;
        assertEquals(DType.F32, deltas.tensor(name).dtype());
        double error =
            PeftFixture.relativeError(
                PeftFixture.doubles(deltas, name),
                PeftFixture.doubles(expected, module + ".delta64"));
        assertTrue(error <= 1e-6, module + " is off by " + error);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void inspectionFindsPeftsPlacesAndNorms(PeftFixture fixture) throws IOException {
    AdapterInspection alone =
        AdapterInspection.open(fixture.adapter(), null, ResolveOptions.defaults());
    alone.layers().forEach(layer -> assertNull(layer.bound(), "no base, no shapes"));
    AdapterInspection inspection =
        AdapterInspection.open(fixture.adapter(), fixture.base(), ResolveOptions.defaults());
    List<String> paths = alone.layers().stream().map(AdapterInspection.Layer::path).toList();
    assertEquals(paths, inspection.layers().stream().map(AdapterInspection.Layer::path).toList());
    try (OpenBase open = OpenBase.open(fixture.base())) {
      AdapterInspection again =
          AdapterInspection.of(fixture.adapter(), open, ResolveOptions.defaults());
      assertEquals(paths, again.layers().stream().map(AdapterInspection.Layer::path).toList());
      assertEquals(inspection.notes(), again.notes());
    }
    try (SafetensorsFile expected = fixture.expected()) {
      assertEquals(PeftFixture.modules(expected).size(), inspection.layers().size());
      for (AdapterInspection.Layer layer : inspection.layers()) {
        ResolvedModule bound = layer.bound();
        assertNotNull(bound);
        assertEquals(
            PeftFixture.places(expected, layer.path()), bound.adapter().locations(), layer.path());
        double squares = 0;
        for (double element : PeftFixture.doubles(expected, layer.path() + ".delta64")) {
          squares += element * element;
        }
        // The scaling is a float32 here, as PEFT computes with, and a float64 in delta64.
        assertEquals(Math.sqrt(squares), bound.adapter().deltaNorm(), 1e-7 * Math.sqrt(squares));
      }
    }
  }
}
