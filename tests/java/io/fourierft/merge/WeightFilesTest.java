package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.ModelFiles;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several weight files at a time: the same bytes, one failure, bounded memory. */
class WeightFilesTest {
  private static final int FILES = 7;
  private static final int SIDE = 64;

  @TempDir Path folder;
  private Path base;
  private Path adapter;
  private FourierEngine engine;

  @BeforeEach
  void makeModel() throws IOException {
    engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1));
    base = Files.createDirectory(folder.resolve("base"));
    StringBuilder index = new StringBuilder();
    List<ModelFiles.Tensor> spectra = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      String changed = "layers." + i + ".q_proj";
      String kept = "layers." + i + ".norm.weight";
      // The tensors of the last file stay as they are.
      boolean last = i == FILES - 1;
      ModelFiles.write(
          base.resolve(shard(i)),
          ModelFiles.matrix(kept, DType.F32, SIDE, SIDE, 1, 100 + i),
          ModelFiles.matrix(
              last ? "head.weight" : changed + ".weight", DType.BF16, SIDE, SIDE, 1, i));
      index.append(
          "%s\"%s\": \"%s\", \"%s\": \"%s\""
              .formatted(
                  i == 0 ? "" : ", ",
                  kept,
                  shard(i),
                  last ? "head.weight" : changed + ".weight",
                  shard(i)));
      if (!last) {
        spectra.add(ModelFiles.spectrum(changed, DType.F32, ModelFiles.normal(9, 1, i)));
      }
    }
    Files.writeString(
        base.resolve("model.safetensors.index.json"),
        "{\"metadata\": {}, \"weight_map\": {" + index + "}}");
    Files.writeString(base.resolve("config.json"), "{\"model_type\": \"llama\"}");
    adapter =
        ModelFiles.adapter(
            folder.resolve("adapter"),
            9,
            100,
            7,
            "[\"q_proj\"]",
            "",
            spectra.toArray(ModelFiles.Tensor[]::new));
  }

  private static String shard(int i) {
    return "model-0000" + (i + 1) + "-of-0000" + FILES + ".safetensors";
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private List<TensorChange> write(String output, int threads, ProgressListener progress)
      throws IOException {
    try (OpenBase open = OpenBase.open(base)) {
      MergePlan plan = new MergePlan(open, List.of(adapter), MergeOptions.defaults());
      Path to = Files.createDirectory(folder.resolve(output));
      return new WeightFiles(engine, open.checkpoint(), plan, to, progress).write(threads);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 20})
  void severalAtATimeWriteTheSameBytes(int threads) throws IOException {
    List<TensorChange> alone = write("alone", 1, ProgressListener.NONE);
    AtomicLong heard = new AtomicLong();
    AtomicInteger inside = new AtomicInteger();
    List<TensorChange> together =
        write(
            "together",
            threads,
            (done, total, what) -> {
              assertEquals(1, inside.incrementAndGet(), "one at a time");
              assertTrue(done > heard.getAndSet(done) && done <= total, done + " of " + total);
              inside.decrementAndGet();
            });
    assertEquals((long) FILES * SIDE * SIDE * (4 + 2), heard.get());
    assertEquals(alone, together);
    assertEquals(FILES - 1, together.size());
    for (int i = 0; i < FILES; i++) {
      assertArrayEquals(
          Files.readAllBytes(folder.resolve("alone").resolve(shard(i))),
          Files.readAllBytes(folder.resolve("together").resolve(shard(i))),
          shard(i));
    }
  }

  /** What is computed late comes to its place, and what stands behind it does not wait. */
  @Test
  void whatDoesNotChangeIsWrittenBeforeWhatIsNotComputedYet() throws Exception {
    Path model = folder.resolve("one");
    Path single = Files.createDirectory(model).resolve("model.safetensors");
    List<ModelFiles.Tensor> tensors = new ArrayList<>();
    List<ModelFiles.Tensor> spectra = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      spectra.add(
          ModelFiles.spectrum("layers." + i + ".q_proj", DType.F32, ModelFiles.normal(9, 1, i)));
      tensors.add(
          ModelFiles.matrix("layers." + i + ".q_proj.weight", DType.BF16, SIDE, SIDE, 1, i));
      tensors.add(ModelFiles.matrix("layers." + i + ".up.weight", DType.F32, SIDE, SIDE, 1, 9 + i));
    }
    ModelFiles.write(single, tensors.toArray(ModelFiles.Tensor[]::new));
    CountDownLatch copied = new CountDownLatch(3);
    FourierEngine late =
        (FourierEngine)
            Proxy.newProxyInstance(
                FourierEngine.class.getClassLoader(),
                new Class<?>[] {FourierEngine.class},
                (proxy, method, arguments) -> {
                  assertTrue(copied.await(30, TimeUnit.SECONDS), "the others wait");
                  return method.invoke(engine, arguments);
                });
    Path in = Files.createDirectory(folder.resolve("in"));
    Path out = Files.createDirectory(folder.resolve("out"));
    Path three =
        ModelFiles.adapter(
            folder.resolve("three"),
            9,
            100,
            7,
            "[\"q_proj\"]",
            "",
            spectra.toArray(ModelFiles.Tensor[]::new));
    try (OpenBase open = OpenBase.open(model)) {
      MergePlan plan = new MergePlan(open, List.of(three), MergeOptions.defaults());
      List<TensorChange> expected =
          new WeightFiles(engine, open.checkpoint(), plan, in, ProgressListener.NONE).write(1);
      List<TensorChange> changes =
          new WeightFiles(
                  late,
                  open.checkpoint(),
                  plan,
                  out,
                  (done, total, what) -> {
                    if (what.contains("up")) {
                      copied.countDown();
                    }
                  })
              .write(1);
      assertEquals(expected, changes);
      assertEquals(3, changes.size());
    }
    assertArrayEquals(
        Files.readAllBytes(in.resolve("model.safetensors")),
        Files.readAllBytes(out.resolve("model.safetensors")));
    Map<String, byte[]> before = ModelFiles.contents(model);
    ModelFiles.contents(out)
        .forEach(
            (name, bytes) ->
                assertEquals(
                    name.contains("up"),
                    Arrays.equals(bytes, Objects.requireNonNull(before.get(name))),
                    name));
  }

  /** While one file's tensor is held up, others are written. */
  @Test
  void filesAreWrittenSideBySide() throws IOException {
    AtomicReference<Thread> first = new AtomicReference<>();
    CountDownLatch other = new CountDownLatch(1);
    FourierEngine waiting =
        (FourierEngine)
            Proxy.newProxyInstance(
                FourierEngine.class.getClassLoader(),
                new Class<?>[] {FourierEngine.class},
                (proxy, method, arguments) -> {
                  Thread caller = Thread.currentThread();
                  if (!first.compareAndSet(null, caller) && first.get() != caller) {
                    other.countDown();
                  } else {
                    assertTrue(other.await(30, TimeUnit.SECONDS), "the other file is not begun");
                  }
                  return method.invoke(engine, arguments);
                });
    try (OpenBase open = OpenBase.open(base)) {
      MergePlan plan = new MergePlan(open, List.of(adapter), MergeOptions.defaults());
      Path to = Files.createDirectory(folder.resolve("out"));
      new WeightFiles(waiting, open.checkpoint(), plan, to, ProgressListener.NONE).write(2);
    }
    assertEquals(FILES, ModelFiles.names(folder.resolve("out")).size());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void theFirstFailureEndsAllAndLeavesNothing(int threads) throws IOException {
    AtomicInteger heard = new AtomicInteger();
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () ->
                write(
                    "out",
                    threads,
                    (done, total, what) -> {
                      if (heard.incrementAndGet() == 5) {
                        throw new IllegalStateException("enough");
                      }
                    }));
    assertEquals("enough", e.getMessage());
    assertEquals(5, heard.get(), "not called again");
    assertTrue(
        ModelFiles.names(folder.resolve("out")).stream().noneMatch(name -> name.startsWith(".")),
        ModelFiles.names(folder.resolve("out")).toString());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5})
  void aShardThatIsTruncatedMeanwhileIsNamedAndNoModelIsLeft(int broken) throws IOException {
    Path results = Files.createDirectory(folder.resolve("results"));
    Path file = base.resolve(shard(broken));
    AtomicInteger heard = new AtomicInteger();
    SafetensorsException e =
        assertThrows(
            SafetensorsException.class,
            () ->
                ModelMerge.run(
                    engine,
                    base,
                    List.of(adapter),
                    results.resolve("merged"),
                    MergeOptions.defaults(),
                    (done, total, what) -> {
                      if (heard.incrementAndGet() == 1) {
                        truncate(file);
                      }
                    }));
    assertTrue(e.getMessage().contains(shard(broken)), e.getMessage());
    assertEquals(List.of(), ModelFiles.names(results));
  }

  private static void truncate(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(900);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** What changes is computed ahead of the writing, but not far. */
  @Test
  void someTensorsAreAssembledWhileOthersAreWritten() throws Exception {
    AtomicInteger computed = new AtomicInteger();
    Semaphore begun = new Semaphore(0);
    FourierEngine counting =
        (FourierEngine)
            Proxy.newProxyInstance(
                FourierEngine.class.getClassLoader(),
                new Class<?>[] {FourierEngine.class},
                (proxy, method, arguments) -> {
                  computed.incrementAndGet();
                  begun.release();
                  return method.invoke(engine, arguments);
                });
    try (OpenBase open = OpenBase.open(base);
        TensorMemory memory = TensorMemory.ofBytes(1 << 20)) {
      MergePlan plan = new MergePlan(open, List.of(adapter), MergeOptions.defaults());
      List<OutputTensor> tensors =
          plan.shards().shards().stream()
              .flatMap(shard -> shard.tensors().stream())
              .map(declaration -> plan.tensor(declaration.name()))
              .toList();
      TensorAssembly assembly =
          new TensorAssembly(counting, plan.options().addition(), false, memory);
      try (TensorsAhead ahead = TensorsAhead.start(assembly, tensors)) {
        assertTrue(begun.tryAcquire(2, 30, TimeUnit.SECONDS), "nothing is computed ahead");
        assertFalse(begun.tryAcquire(50, TimeUnit.MILLISECONDS), "more than needed");
        for (int taken = 1; taken < FILES; taken++) {
          ahead.take().close();
          if (taken + 2 < FILES) {
            assertTrue(begun.tryAcquire(30, TimeUnit.SECONDS), "after " + taken);
          }
          assertEquals(Math.min(FILES - 1, taken + 2), computed.get());
        }
      }
      // Closed with tensors that nobody takes: their memory comes back.
      TensorsAhead.start(assembly, tensors).close();
      memory.hold(1 << 20).close();
    }
  }

  /** However many ask, what they hold together stays within the bound; the largest gets all. */
  @Test
  void memoryIsBounded() throws InterruptedException {
    long unit = 64 << 10;
    TensorMemory memory = TensorMemory.ofBytes(10 * unit);
    AtomicLong held = new AtomicLong();
    AtomicLong most = new AtomicLong();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      long wanted = i == 3 ? 25 * unit : (1 + i) * unit;
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int round = 0; round < 50; round++) {
                      try (TensorMemory.Held _ = memory.hold(wanted)) {
                        long now = held.addAndGet(Math.min(10 * unit, wanted));
                        most.accumulateAndGet(now, Math::max);
                        Thread.yield();
                        held.addAndGet(-Math.min(10 * unit, wanted));
                      }
                    }
                  }));
    }
    for (Thread thread : threads) {
      assertTrue(thread.join(java.time.Duration.ofSeconds(30)), "nobody waits for ever");
    }
    assertEquals(10 * unit, most.get());
  }

  /** A tensor gets the memory of the last of its size, and another makes room for itself. */
  @Test
  void memoryIsUsedAgainWithinTheBound() {
    long unit = 64 << 10;
    try (TensorMemory memory = TensorMemory.ofBytes(4 * unit)) {
      TensorMemory.Held first = memory.hold(3 * unit);
      long address = first.bytes().address();
      first.close();
      TensorMemory.Held second = memory.hold(3 * unit);
      assertEquals(address, second.bytes().address());
      MemorySegment kept = second.bytes();
      second.close();
      memory.hold(unit).close();
      assertTrue(kept.scope().isAlive(), "both have room");
      memory.hold(2 * unit).close();
      assertFalse(kept.scope().isAlive(), "held and kept, it would be more than the bound");
      TensorMemory.Held last = memory.hold(unit);
      memory.close();
      assertTrue(last.bytes().scope().isAlive());
      last.close();
      assertFalse(last.bytes().scope().isAlive());
    }
  }
}
