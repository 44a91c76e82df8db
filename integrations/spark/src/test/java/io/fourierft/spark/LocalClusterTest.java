package io.fourierft.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.bulk.AdapterSets;
import io.fourierft.bulk.BulkListener;
import io.fourierft.bulk.BulkOptions;
import io.fourierft.bulk.DeltaJob;
import io.fourierft.peft.ResolveOptions;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/** On workers that are processes of their own, one of which is killed in the middle. */
@EnabledIfEnvironmentVariable(named = "SPARK_HOME", matches = ".+")
class LocalClusterTest {
  private static final String VECTORS = "--add-modules=jdk.incubator.vector";

  @TempDir Path folder;

  private static SparkSession session(String executorClassPath) {
    return SparkSession.builder()
        .master("local-cluster[2,1,1024]")
        .appName("fourierft-cluster-test")
        .config("spark.ui.enabled", false)
        .config("spark.executor.memory", "512m")
        .config("spark.executor.extraJavaOptions", VECTORS)
        .config("spark.executor.extraClassPath", executorClassPath)
        .getOrCreate();
  }

  /** That of this process, from wherever it is looked at. */
  private static String classPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** One of the executors, which are the only virtual machines that this one has started. */
  private static Optional<ProcessHandle> executor() {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> process.info().command().orElse("").endsWith("java"))
        .findFirst();
  }

  @Test
  void anExecutorThatIsKilledChangesNothing() throws IOException {
    Path base = Samples.base(folder.resolve("base"));
    Path adapters = Samples.adapters(folder.resolve("adapters"), 12);
    Path out = folder.resolve("out");
    AtomicInteger started = new AtomicInteger();
    AtomicInteger killed = new AtomicInteger();
    try (SparkSession session = session(classPath())) {
      session
          .sparkContext()
          .addSparkListener(
              new SparkListener() {
                @Override
                public void onTaskStart(SparkListenerTaskStart start) {
                  // In the middle of the second stage, which writes.
                  if (started.incrementAndGet() == 12) {
                    executor()
                        .ifPresent(
                            process -> {
                              if (process.destroyForcibly()) {
                                killed.incrementAndGet();
                              }
                            });
                  }
                }
              });
      FourierCluster cluster = FourierCluster.of(session, base.toString());
      List<JobOutcome> outcomes =
          cluster.deltas(
              cluster.adapters(adapters.toString()),
              out.toString(),
              ResolveSettings.defaults(),
              JobSettings.defaults());
      assertTrue(outcomes.stream().allMatch(outcome -> outcome.status().equals("written")));
    }
    assertEquals(1, killed.get());
    Path single = folder.resolve("single");
    try (FourierEngine engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu"));
        DeltaJob job =
            DeltaJob.plan(
                base,
                AdapterSets.inFolder(adapters),
                single,
                ResolveOptions.defaults(),
                BulkOptions.defaults())) {
      job.run(engine, BulkListener.NONE);
    }
    assertEquals(Samples.files(single), Samples.files(out));
  }

  /** Spark gives every executor the vector module itself, so that is tested without one. */
  @Test
  void anExecutorWithAnotherVersionOfTheLibraryIsRefused() throws IOException {
    Path base = Samples.base(folder.resolve("base"));
    Path adapters = Samples.adapters(folder.resolve("adapters"), 2);
    Path other = folder.resolve("other/io/fourierft/cli");
    Files.createDirectories(other);
    Files.writeString(other.resolve("version.properties"), "version=9.9");
    try (SparkSession session =
        session(folder.resolve("other") + File.pathSeparator + classPath())) {
      FourierCluster cluster = FourierCluster.of(session, base.toString());
      SparkJobException e =
          assertThrows(
              SparkJobException.class,
              () ->
                  cluster.deltas(
                      cluster.adapters(adapters.toString()),
                      folder.resolve("out").toString(),
                      ResolveSettings.defaults(),
                      JobSettings.defaults()));
      assertTrue(e.getMessage().contains("has version 9.9 of fourierft"), e.getMessage());
    }
    assertTrue(Samples.files(folder.resolve("out")).isEmpty());
  }
}
