package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.ModelFiles;
import io.fourierft.ModelFiles.Tensor;
import io.fourierft.SpectralLocations;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ΔWs in a file: as many at a time as the memory holds, and whole or not at all. */
class DeltaExportTest {
  /** Layers of 4 x 4 elements take 64 bytes each, in a buffer too; of 3 x 5 they take 60 of 64. */
  private static final List<Integer> ROWS = List.of(4, 4, 3, 3, 4);

  private static FourierEngine engine;

  @TempDir Path folder;
  private Path base;
  private Path adapter;
  private Path output;

  @BeforeAll
  static void openEngine() {
    engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1));
  }

  @AfterAll
  static void closeEngine() {
    engine.close();
  }

  @BeforeEach
  void makeModel() throws IOException {
    List<Tensor> weights = new ArrayList<>();
    List<Tensor> spectra = new ArrayList<>();
    for (int i = 0; i < ROWS.size(); i++) {
      String module = "layers." + i + ".q_proj";
      int rows = ROWS.get(i);
      weights.add(ModelFiles.matrix(module + ".weight", DType.F32, rows, rows == 4 ? 4 : 5, 1, i));
      spectra.add(ModelFiles.spectrum(module, DType.F32, 1 + i, -2));
    }
    base = ModelFiles.model(folder.resolve("base"), "{}", weights.toArray(Tensor[]::new));
    adapter =
        ModelFiles.adapter(
            folder.resolve("adapter"),
            2,
            100,
            7,
            "[\"q_proj\"]",
            "",
            spectra.toArray(Tensor[]::new));
    output = folder.resolve("deltas.safetensors");
  }

  private DeltaExport.DeltaResult export(boolean overwrite, ProgressListener progress)
      throws IOException {
    return DeltaExport.write(
        engine, base, adapter, output, overwrite, ResolveOptions.defaults(), progress);
  }

  private static List<String> names() {
    return IntStream.range(0, ROWS.size()).mapToObj(i -> "layers." + i + ".q_proj.delta").toList();
  }

  @Test
  void everyLayerIsWrittenAndHeardOf() throws IOException {
    List<Long> heard = new ArrayList<>();
    DeltaExport.DeltaResult result =
        export(
            false,
            (done, total, what) -> {
              assertEquals(312, total);
              heard.add(done);
            });
    assertEquals(names(), result.tensors());
    assertEquals(312, result.sizeInBytes());
    assertEquals(List.of(64L, 128L, 188L, 248L, 312L), heard);
    assertEquals(names(), List.copyOf(ModelFiles.contents(output).keySet()));
  }

  @Test
  void anotherFileOfThatNameIsReplacedIfThatIsAllowed() throws IOException {
    Files.writeString(output, "old");
    assertThrows(FourierException.class, () -> export(false, ProgressListener.NONE));
    assertEquals("old", Files.readString(output));
    export(true, ProgressListener.NONE);
    assertEquals(5, ModelFiles.contents(output).size());
  }

  @Test
  void aBaseThatChangesMeanwhileLeavesNothing() {
    FourierException e =
        assertThrows(
            FourierException.class, () -> export(false, (done, total, what) -> touchTheBase()));
    assertTrue(e.getMessage().contains("changed while it was being read"), e.getMessage());
    assertFalse(Files.exists(output));
  }

  private void touchTheBase() {
    try {
      Files.setLastModifiedTime(base.resolve("model.safetensors"), FileTime.fromMillis(5_000));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<Integer> batches(long memory) throws IOException {
    List<Integer> batches = new ArrayList<>();
    FourierEngine counting =
        (FourierEngine)
            Proxy.newProxyInstance(
                FourierEngine.class.getClassLoader(),
                new Class<?>[] {FourierEngine.class},
                (proxy, method, arguments) -> {
                  batches.add(((List<?>) arguments[0]).size());
                  return method.invoke(engine, arguments);
                });
    try (OpenBase open = OpenBase.open(base)) {
      AdapterDeltas deltas = AdapterDeltas.of(open.bind(adapter, ResolveOptions.defaults()));
      Path file = folder.resolve("batches-" + memory);
      try (SafetensorsWriter writer = DeltaExport.writer(file, deltas)) {
        deltas.writeTo(counting, writer, memory, ProgressListener.NONE);
        writer.commit();
      }
      export(true, ProgressListener.NONE);
      assertArrayEquals(Files.readAllBytes(output), Files.readAllBytes(file));
    }
    return batches;
  }

  @Test
  void asManyAreComputedAtATimeAsTheMemoryHolds() throws IOException {
    assertEquals(List.of(5), batches(320));
    assertEquals(List.of(4, 1), batches(319));
    assertEquals(List.of(2, 2, 1), batches(128));
    assertEquals(List.of(1, 1, 1, 1, 1), batches(0));
  }

  private String shapes(String name, int rows, int coefficients) throws IOException {
    Path model =
        ModelFiles.model(
            folder.resolve(name),
            "{}",
            ModelFiles.matrix("q_proj.weight", DType.F32, rows, 4, 1, 3));
    Path one =
        ModelFiles.adapter(
            folder.resolve(name + "-adapter"),
            coefficients,
            100,
            7,
            "[\"q_proj\"]",
            "",
            ModelFiles.spectrum("q_proj", DType.F32, new float[coefficients]));
    try (OpenBase open = OpenBase.open(model)) {
      return AdapterDeltas.of(open.bind(one, ResolveOptions.defaults())).shapes();
    }
  }

  /** What is computed in one batch is as large and has as many places. */
  @Test
  void adaptersOfOneShapeAreKnownByIt() throws IOException {
    String shapes = shapes("first", 4, 2);
    assertEquals(shapes, shapes("second", 4, 2));
    assertNotEquals(shapes, shapes("larger", 8, 2));
    assertNotEquals(shapes, shapes("denser", 4, 3));
    try (OpenBase open = OpenBase.open(base)) {
      assertNotEquals(
          shapes, AdapterDeltas.of(open.bind(adapter, ResolveOptions.defaults())).shapes());
    }
  }

  private static FourierAdapter layer(int rows, int cols, float coefficient) {
    return FourierAdapter.of(SpectralLocations.of(rows, cols, 1, 7), new float[] {coefficient}, 1);
  }

  @Test
  void aBufferIsUsedAgainAndNeverTooSmall() {
    List<FourierAdapter> many = Stream.generate(() -> layer(3, 5, 1)).limit(16).toList();
    assertEquals(16 * 64, DeltaBuffer.needed(many));
    assertTrue(DeltaBuffer.bound(16 * 60, 16) >= DeltaBuffer.needed(many));
    assertTrue(DeltaBuffer.bound(16 * 60, 16) <= 2 * DeltaBuffer.needed(many));
    try (Arena arena = Arena.ofShared()) {
      DeltaBuffer buffer = new DeltaBuffer(arena.allocate(DeltaBuffer.needed(many), 64));
      buffer.compute(engine, many);
      byte[] first = buffer.slice(0).toArray(ValueLayout.JAVA_BYTE);
      buffer.compute(engine, List.of(layer(4, 4, 2)));
      assertEquals(60, first.length);
      assertEquals(64, buffer.slice(0).byteSize());
      assertThrows(IndexOutOfBoundsException.class, () -> buffer.slice(1));
    }
  }
}
