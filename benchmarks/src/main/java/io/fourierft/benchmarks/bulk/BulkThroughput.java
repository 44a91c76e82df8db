package io.fourierft.benchmarks.bulk;

import io.fourierft.ElementType;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.bulk.AdapterSet;
import io.fourierft.bulk.BulkListener;
import io.fourierft.bulk.BulkOptions;
import io.fourierft.bulk.DeltaJob;
import io.fourierft.bulk.InspectionJob;
import io.fourierft.bulk.SimilarityMatrix;
import io.fourierft.merge.DeltaExport;
import io.fourierft.merge.OpenBase;
import io.fourierft.merge.ProgressListener;
import io.fourierft.peft.ResolveOptions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * Many adapters at once: deltas a second, written and not, beside the same bytes written alone and
 * beside a loop of single exports; norms and similarities. {@code benchmarks/run.sh bulk} starts
 * it.
 */
public final class BulkThroughput {
  private static final int ROUNDS = 3;
  private static final int WRITERS = 2;

  private final Path folder;
  private final FourierEngine engine;
  private final Path base;
  private final List<AdapterSet> adapters;
  private final List<AdapterSet> many;
  private final int looped;

  private BulkThroughput(Path folder, FourierEngine engine, boolean quick) throws IOException {
    this.folder = folder;
    this.engine = engine;
    this.base = AdapterLake.base(folder.resolve("base"));
    this.adapters = AdapterLake.adapters(folder.resolve("adapters"), quick ? 40 : 200);
    this.many = AdapterLake.adapters(folder.resolve("many"), quick ? 500 : 5000);
    this.looped = quick ? 10 : 20;
  }

  /** Arguments: {@code [--quick] [--work FOLDER]}; the folder must have room for 10 GB. */
  public static void main(String[] arguments) throws Exception {
    List<String> given = Arrays.asList(arguments);
    boolean quick = given.contains("--quick");
    int at = given.indexOf("--work");
    Path parent =
        at < 0 ? Path.of(System.getProperty("java.io.tmpdir")) : Path.of(given.get(at + 1));
    Files.createDirectories(parent);
    Path folder = Files.createTempDirectory(parent, "fourierft-bulk-");
    try (FourierEngine engine = FourierEngine.create(EngineOptions.defaults())) {
      System.out.print(new BulkThroughput(folder, engine, quick).report());
    } finally {
      delete(folder);
    }
  }

  private String report() throws Exception {
    Map<String, List<Double>> seconds = new LinkedHashMap<>();
    for (int round = 0; round < ROUNDS; round++) {
      time(seconds, "bytes", this::writeBytes);
      time(seconds, "written", this::writeDeltas);
      time(seconds, "unwritten", this::compute);
      time(seconds, "loop", this::loop);
      time(seconds, "norms", this::norms);
      time(seconds, "similarity", this::similarity);
    }
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%d adapters x %d modules of %d x %d (%.1f MB of deltas each), n = %d, %s; medians of"
                + " %d rounds, ratios within rounds%n%n",
            adapters.size(),
            AdapterLake.MODULES,
            AdapterLake.SIDE,
            AdapterLake.SIDE,
            AdapterLake.deltaBytes() / 1e6,
            AdapterLake.N_FREQUENCY,
            engine.name(),
            ROUNDS));
    text.append("| what | adapters a second | MB/s | ratio |\n| --- | --- | --- | --- |\n");
    line(text, "the bytes alone, written", adapters.size(), median(seconds, "bytes"), "1");
    line(
        text,
        "deltas written (DeltaJob)",
        adapters.size(),
        median(seconds, "written"),
        ratio(seconds, "written", "bytes", 1) + " of the time of the bytes alone");
    line(text, "deltas computed, not written", adapters.size(), median(seconds, "unwritten"), "");
    line(
        text,
        "a loop of DeltaExport",
        looped,
        median(seconds, "loop"),
        ratio(seconds, "loop", "written", (double) adapters.size() / looped)
            + " of DeltaJob's time an adapter");
    text.append(
        String.format(
            Locale.ROOT,
            "| norms of %d adapters | %.0f | | |%n| cosines of %d pairs of %d adapters, with"
                + " reading them | %.2f s | | |%n",
            many.size(),
            many.size() / median(seconds, "norms"),
            (long) adapters.size() * (adapters.size() - 1) / 2,
            adapters.size(),
            median(seconds, "similarity")));
    return text.toString();
  }

  private static void line(
      StringBuilder text, String what, int count, double seconds, String ratio) {
    text.append(
        String.format(
            Locale.ROOT,
            "| %s | %.1f | %.0f | %s |%n",
            what,
            count / seconds,
            count * AdapterLake.deltaBytes() / 1e6 / seconds,
            ratio));
  }

  private static void time(Map<String, List<Double>> seconds, String name, Callable<?> work)
      throws Exception {
    long start = System.nanoTime();
    work.call();
    double taken = (System.nanoTime() - start) / 1e9;
    seconds.computeIfAbsent(name, key -> new ArrayList<>()).add(taken);
    System.err.printf(Locale.ROOT, "%s: %.2f s%n", name, taken);
  }

  private static double median(Map<String, List<Double>> seconds, String name) {
    return median(seconds.get(name));
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  private static String ratio(
      Map<String, List<Double>> seconds, String one, String other, double factor) {
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      ratios.add(factor * seconds.get(one).get(round) / seconds.get(other).get(round));
    }
    return String.format(Locale.ROOT, "%.2f", median(ratios));
  }

  /** As many bytes into as many files, forced to the device, by as many threads as a job has. */
  private boolean writeBytes() throws Exception {
    Path out = fresh("bytes");
    try (Arena arena = Arena.ofShared();
        ExecutorService executor = Executors.newFixedThreadPool(WRITERS)) {
      MemorySegment bytes = arena.allocate(AdapterLake.deltaBytes(), 64);
      bytes.fill((byte) 17);
      List<Future<?>> futures = new ArrayList<>();
      for (AdapterSet set : adapters) {
        futures.add(
            executor.submit(
                () -> {
                  try (FileChannel channel =
                      FileChannel.open(
                          out.resolve(set.name()),
                          StandardOpenOption.CREATE_NEW,
                          StandardOpenOption.WRITE)) {
                    ByteBuffer buffer = bytes.asByteBuffer();
                    while (buffer.hasRemaining()) {
                      channel.write(buffer);
                    }
                    channel.force(true);
                  }
                  return true;
                }));
      }
      for (Future<?> future : futures) {
        future.get();
      }
    }
    delete(out);
    return true;
  }

  private boolean writeDeltas() throws IOException {
    Path out = fresh("written");
    try (DeltaJob job =
        DeltaJob.plan(base, adapters, out, ResolveOptions.defaults(), BulkOptions.defaults())) {
      job.run(engine, BulkListener.NONE);
    }
    delete(out);
    return true;
  }

  /** Read, bound and computed into memory that is used again. */
  private boolean compute() throws IOException {
    int batch = 10;
    try (OpenBase opened = OpenBase.open(base);
        Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(batch * AdapterLake.deltaBytes(), 64);
      for (int from = 0; from < adapters.size(); from += batch) {
        List<FourierAdapter> some = new ArrayList<>();
        for (AdapterSet set : adapters.subList(from, Math.min(adapters.size(), from + batch))) {
          opened
              .bind(set.single(), ResolveOptions.defaults())
              .modules()
              .forEach(module -> some.add(module.adapter()));
        }
        List<HostMatrix> outs = new ArrayList<>();
        long bytes = (long) AdapterLake.SIDE * AdapterLake.SIDE * Float.BYTES;
        for (int i = 0; i < some.size(); i++) {
          outs.add(
              Matrix.of(
                  memory.asSlice(i * bytes, bytes),
                  ElementType.F32,
                  AdapterLake.SIDE,
                  AdapterLake.SIDE));
        }
        engine.deltaWeights(some, outs);
      }
    }
    return true;
  }

  private boolean loop() throws IOException {
    Path out = fresh("loop");
    for (AdapterSet set : adapters.subList(0, looped)) {
      DeltaExport.write(
          engine,
          base,
          set.single(),
          out.resolve(set.name()),
          false,
          ResolveOptions.defaults(),
          ProgressListener.NONE);
    }
    delete(out);
    return true;
  }

  private boolean norms() throws IOException {
    try (InspectionJob job = InspectionJob.plan(base, many, ResolveOptions.defaults())) {
      return job.run(adapter -> {}) == 0;
    }
  }

  private boolean similarity() throws IOException {
    return SimilarityMatrix.of(base, adapters, ResolveOptions.defaults()).size() > 0;
  }

  private Path fresh(String name) throws IOException {
    Path out = folder.resolve(name);
    Files.createDirectories(out);
    return out;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
