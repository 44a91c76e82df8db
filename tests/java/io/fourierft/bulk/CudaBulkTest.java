package io.fourierft.bulk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierEngine;
import io.fourierft.ModelFiles;
import io.fourierft.PlanRounding;
import io.fourierft.bulk.BulkOutcome.Status;
import io.fourierft.cuda.CudaOutOfMemoryException;
import io.fourierft.internal.cuda.EmulatedCuda;
import io.fourierft.internal.cuda.OnEmulator;
import io.fourierft.merge.DeltaExport;
import io.fourierft.merge.MergeOptions;
import io.fourierft.merge.ModelMerge;
import io.fourierft.merge.ProgressListener;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Many adapters on the emulated device: batches that its memory bounds, the bytes of one by one.
 */
@OnEmulator
class CudaBulkTest {
  private static final int COUNT = 16;
  private static final boolean EXACT = PlanRounding.slack(1) == 0;

  @TempDir Path folder;
  private EmulatedCuda emulator;
  private FourierEngine engine;
  private Path base;
  private List<AdapterSet> adapters;

  @BeforeEach
  void makeFiles() throws IOException {
    emulator = EmulatedCuda.require();
    emulator.clearFaults();
    engine = EmulatedCuda.open(0);
    base = BulkFixture.base(folder.resolve("base"));
    adapters = adapters();
  }

  /** Of two shapes in turn: both modules, and one of them with other places. */
  private List<AdapterSet> adapters() throws IOException {
    Path all = folder.resolve("adapters");
    BulkFixture.adapters(all, COUNT);
    for (int i = 1; i < COUNT; i += 2) {
      Path adapter = all.resolve(String.format(java.util.Locale.ROOT, "a%02d", i));
      ModelFiles.delete(adapter);
      ModelFiles.adapter(
          adapter,
          5,
          20,
          7,
          "[\"v_proj\"]",
          "",
          ModelFiles.spectrum(
              "model.layers.0.self_attn.v_proj", DType.F32, ModelFiles.normal(5, 1, 300 + i)));
    }
    return AdapterSets.inFolder(all);
  }

  @AfterEach
  void close() {
    emulator.setMemory(0, 0);
    engine.close();
  }

  private BulkResult run(String output, long memory) throws IOException {
    try (DeltaJob job =
        DeltaJob.plan(
            base,
            adapters,
            folder.resolve(output),
            ResolveOptions.defaults(),
            BulkOptions.defaults().withKeepGoing(true).withMemoryInBytes(memory))) {
      return job.run(engine, BulkListener.NONE);
    }
  }

  private Map<String, byte[]> oneByOne() throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    for (AdapterSet set : adapters) {
      Path single = folder.resolve("single.safetensors");
      DeltaExport.write(
          engine,
          base,
          set.single(),
          single,
          true,
          ResolveOptions.defaults(),
          ProgressListener.NONE);
      files.put(set.name(), Files.readAllBytes(single));
    }
    return files;
  }

  private void check(Map<String, byte[]> expected, String output) throws IOException {
    for (AdapterSet set : adapters) {
      Path file = folder.resolve(output).resolve(set.name() + DeltaJob.EXTENSION);
      assertSame(expected.get(set.name()), Files.readAllBytes(file), set.name());
    }
    assertEquals(List.of(Journal.FILE_NAME), BulkFixture.hidden(folder.resolve(output)));
  }

  /** To the bit, where a plan for a batch rounds as one for a single adapter. */
  private static void assertSame(byte[] expected, byte[] found, String name) {
    if (EXACT) {
      assertArrayEquals(expected, found, name);
      return;
    }
    int start = header(expected);
    assertArrayEquals(Arrays.copyOf(expected, start), Arrays.copyOf(found, start), name);
    PlanRounding.assertSame(floats(expected, start), floats(found, start), name);
  }

  private static int header(byte[] file) {
    return Long.BYTES + (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  private static float[] floats(byte[] file, int start) {
    FloatBuffer buffer =
        ByteBuffer.wrap(file, start, file.length - start)
            .slice()
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    float[] floats = new float[buffer.remaining()];
    buffer.get(floats);
    return floats;
  }

  /** With room for all, for some, for one, and for none of the host's. */
  @ParameterizedTest
  @ValueSource(longs = {1L << 30, 30_000, 6_000, 1})
  void everyFileIsThatOfASingleExport(long memory) throws IOException {
    Map<String, byte[]> expected = oneByOne();
    emulator.resetCalls();
    assertEquals(COUNT, run("out", memory).with(Status.WRITTEN).size());
    check(expected, "out");
    long together = emulator.calls("launch");
    emulator.resetCalls();
    oneByOne();
    long alone = emulator.calls("launch");
    assertTrue(
        memory < 1L << 30 || together * 3 < alone, together + " launches together, " + alone);
  }

  /** The device has room for a part of a batch alone. */
  @Test
  void aSmallDeviceTakesItsShareAtATime() throws IOException {
    Map<String, byte[]> expected = oneByOne();
    engine.close();
    emulator.setMemory(0, 400_000);
    engine = EmulatedCuda.open(0);
    assertEquals(COUNT, run("out", 1L << 30).with(Status.WRITTEN).size());
    check(expected, "out");
  }

  /** An allocation in the middle fails: the batch is halved, and no adapter is lost for it. */
  @ParameterizedTest
  @CsvSource({"1, 1073741824", "2, 1073741824", "3, 6000", "9, 6000"})
  void runningOutOfMemoryInTheMiddleLosesNoAdapter(long nth, long memory) throws IOException {
    Map<String, byte[]> expected = oneByOne();
    engine.close();
    engine = EmulatedCuda.open(0);
    emulator.fail("alloc", nth, CudaOutOfMemoryException.CODE);
    BulkResult result = run("out", memory);
    assertEquals(0, emulator.clearFaults(), "it has happened");
    assertEquals(COUNT, result.with(Status.WRITTEN).size(), result.outcomes().toString());
    check(expected, "out");
  }

  /** A failure that halving does not mend is that of single adapters; the others are whole. */
  @Test
  void whatFailsAloneIsReportedAlone() throws IOException {
    Map<String, byte[]> expected = oneByOne();
    Path broken = adapters.get(4).single();
    try (DeltaJob job =
        DeltaJob.plan(
            base,
            adapters,
            folder.resolve("out"),
            ResolveOptions.defaults(),
            BulkOptions.defaults().withKeepGoing(true))) {
      BulkFixture.spoil(broken);
      BulkResult result = job.run(engine, BulkListener.NONE);
      assertEquals(COUNT - 1, result.with(Status.WRITTEN).size());
      assertEquals("a04", result.with(Status.FAILED).getFirst().name());
    }
    for (String name : List.of("a03", "a05")) {
      assertSame(
          expected.get(name),
          Files.readAllBytes(folder.resolve("out/" + name + ".safetensors")),
          name);
    }
  }

  @Test
  void modelsAreThoseOfSingleMerges() throws IOException {
    List<AdapterSet> some = adapters.subList(0, 6);
    Path out = folder.resolve("models");
    try (MergeJob job =
        MergeJob.plan(base, some, out, MergeOptions.defaults(), BulkOptions.defaults())) {
      assertEquals(6, job.run(engine, BulkListener.NONE).with(Status.WRITTEN).size());
    }
    for (AdapterSet set : some) {
      Path single = folder.resolve("single-" + set.name());
      ModelMerge.run(
          engine, base, set.adapters(), single, MergeOptions.defaults(), ProgressListener.NONE);
      assertEquals(BulkFixture.files(single), BulkFixture.files(out.resolve(set.name())));
    }
  }
}
