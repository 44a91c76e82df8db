package io.fourierft.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.safetensors.SafetensorsFile;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/** On workers that are processes of their own, one of which is killed in the middle. */
@EnabledIfEnvironmentVariable(named = "SPARK_HOME", matches = ".+")
class LocalClusterTest {
  private static final Path LIBRARIES = Path.of("../../target/emulator/lib").toAbsolutePath();

  /** The properties that name the emulated driver's parts. */
  private static final Map<String, Path> EMULATOR =
      Map.of(
          "fourierft.cuda",
          LIBRARIES.resolve("libcuda.so.1"),
          "fourierft.cufft",
          LIBRARIES.resolve("libcufft.so.12"),
          "fourierft.cuda.kernels",
          Path.of("../../tests/resources/emulated/fourierft.fatbin").toAbsolutePath());

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
    assertEquals(
        Samples.deltasOfOneMachine(base, adapters, folder.resolve("single")), Samples.files(out));
  }

  /**
   * Two GPUs and two tasks at a time, on the emulated driver, which the repository's tests build.
   */
  private SparkSession gpus(int there) throws IOException {
    Path script = folder.resolve("gpus.sh");
    Files.writeString(script, "echo '{\"name\": \"gpu\", \"addresses\": [\"0\", \"1\"]}'\n");
    assertTrue(script.toFile().setExecutable(true));
    StringBuilder options = new StringBuilder(VECTORS + " --enable-native-access=ALL-UNNAMED");
    EMULATOR.forEach((name, file) -> options.append(" -D" + name + "=" + file));
    return SparkSession.builder()
        .master("local-cluster[1,2,1024]")
        .appName("fourierft-gpu-test")
        .config("spark.ui.enabled", false)
        .config("spark.executor.memory", "512m")
        .config("spark.executor.extraJavaOptions", options.toString())
        .config("spark.executor.extraClassPath", classPath())
        .config("spark.executorEnv.EMULATED_CUDA_DEVICES", there)
        .config("spark.worker.resource.gpu.amount", 2)
        .config("spark.worker.resource.gpu.discoveryScript", script.toString())
        .config("spark.executor.resource.gpu.amount", 2)
        .config("spark.task.resource.gpu.amount", 1)
        .getOrCreate();
  }

  private static void requireEmulator() {
    for (Path file : EMULATOR.values()) {
      assumeTrue(Files.exists(file), file + " is not built");
    }
  }

  @Test
  void tasksComputeOnTheGpusThatTheyAreGiven() throws IOException {
    requireEmulator();
    Path base = Samples.base(folder.resolve("base"));
    Path adapters = Samples.adapters(folder.resolve("adapters"), 9);
    Path out = folder.resolve("out");
    try (SparkSession session = gpus(2)) {
      FourierCluster cluster = FourierCluster.of(session, base.toString());
      List<JobOutcome> outcomes =
          cluster.deltas(
              cluster.adapters(adapters.toString()),
              out.toString(),
              ResolveSettings.defaults(),
              JobSettings.defaults());
      assertTrue(outcomes.stream().allMatch(outcome -> outcome.status().equals("written")));
    }
    EMULATOR.forEach((name, file) -> System.setProperty(name, file.toString()));
    Path single = folder.resolve("single");
    try (FourierEngine engine =
        FourierEngine.create(EngineOptions.defaults().withDevice("cuda:0"))) {
      assertEquals(Samples.deltasOfOneMachine(engine, base, adapters, single), Samples.files(out));
      SparkJobException e =
          assertThrows(SparkJobException.class, () -> Executors.engine(new String[] {"7"}, 1));
      assertTrue(e.getMessage().contains("was given the GPU 7, which it cannot use"), "" + e);
    } finally {
      EMULATOR.keySet().forEach(System::clearProperty);
    }
    Path cpu = folder.resolve("cpu");
    Map<String, Integer> ofCpu = Samples.deltasOfOneMachine(base, adapters, cpu);
    assertNotEquals(ofCpu, Samples.files(out), "another engine rounds otherwise");
    for (String name : ofCpu.keySet()) {
      assertNear(cpu.resolve(name), out.resolve(name));
    }
  }

  /** Each engine is within 1e-6 of the exact ΔW, by the Frobenius norm. */
  private static void assertNear(Path expected, Path found) throws IOException {
    try (SafetensorsFile one = SafetensorsFile.open(expected);
        SafetensorsFile other = SafetensorsFile.open(found)) {
      assertEquals(one.tensors(), other.tensors());
      for (String name : one.tensors().keySet()) {
        HostMatrix a = one.matrix(name);
        HostMatrix b = other.matrix(name);
        double squares = 0;
        double difference = 0;
        for (int i = 0; i < a.rows(); i++) {
          for (int j = 0; j < a.cols(); j++) {
            squares += a.get(i, j) * a.get(i, j);
            difference += Math.pow(a.get(i, j) - b.get(i, j), 2);
          }
        }
        assertTrue(Math.sqrt(difference / squares) < 2e-6, name);
      }
    }
  }

  @Test
  void aGpuThatIsNotThereIsRefusedOnce() throws IOException {
    requireEmulator();
    Path base = Samples.base(folder.resolve("base"));
    Path adapters = Samples.adapters(folder.resolve("adapters"), 4);
    Path out = folder.resolve("out");
    AtomicInteger failed = new AtomicInteger();
    try (SparkSession session = gpus(1)) {
      session
          .sparkContext()
          .addSparkListener(
              new SparkListener() {
                @Override
                public void onTaskEnd(SparkListenerTaskEnd end) {
                  if (end.reason() instanceof ExceptionFailure) {
                    failed.incrementAndGet();
                  }
                }
              });
      FourierCluster cluster = FourierCluster.of(session, base.toString());
      SparkJobException e =
          assertThrows(
              SparkJobException.class,
              () ->
                  cluster.deltas(
                      cluster.adapters(adapters.toString()),
                      out.toString(),
                      ResolveSettings.defaults(),
                      new JobSettings(false, false, true)));
      assertTrue(e.getMessage().contains("was given the GPU 1, which it cannot use"), "" + e);
    }
    assertEquals(0, failed.get(), "no attempt was thrown away for it");
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
