package io.fourierft.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.bulk.AdapterSet;
import io.fourierft.bulk.AdapterSets;
import io.fourierft.bulk.SimilarityMatrix;
import io.fourierft.merge.MergeOptions;
import io.fourierft.peft.ResolveOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jobs on a local master: the bytes of one machine, whatever happens to tasks. */
class SparkJobsTest {
  private static SparkSession session;

  @TempDir Path folder;
  private Path base;
  private Path adapters;
  private Path out;

  @BeforeAll
  static void start() {
    // Four tasks at a time, and each may fail some times.
    session =
        SparkSession.builder()
            .master("local[4,8]")
            .appName("fourierft-test")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 4)
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    session.stop();
  }

  @BeforeEach
  void makeFiles() throws IOException {
    base = Samples.base(folder.resolve("base"));
    adapters = Samples.adapters(folder.resolve("adapters"), 10);
    out = folder.resolve("out");
  }

  private FourierCluster cluster() throws IOException {
    return FourierCluster.of(session, base.toString());
  }

  private List<JobOutcome> deltas(JobSettings settings) throws IOException {
    FourierCluster cluster = cluster();
    return cluster.deltas(
        cluster.adapters(adapters.toString()),
        out.toString(),
        ResolveSettings.defaults(),
        settings);
  }

  private static long count(List<JobOutcome> outcomes, String status) {
    return outcomes.stream().filter(outcome -> outcome.status().equals(status)).count();
  }

  private Map<String, Integer> deltasOfOneMachine() throws IOException {
    return Samples.deltasOfOneMachine(base, adapters, folder.resolve("single"));
  }

  @Test
  void deltasAreThoseOfOneMachineAndAreNotMadeTwice() throws IOException {
    List<JobOutcome> outcomes = deltas(JobSettings.defaults());
    assertEquals(10, count(outcomes, "written"));
    assertEquals("a00", outcomes.getFirst().name());
    assertEquals(4, outcomes.getFirst().tensors());
    Map<String, Integer> expected = deltasOfOneMachine();
    assertEquals(expected, Samples.files(out));

    assertEquals(10, count(deltas(new JobSettings(false, true, false)), "skipped"));
    Samples.adapter(adapters.resolve("a03"), 99);
    Files.delete(out.resolve("a05.safetensors"));
    assertEquals(2, count(deltas(new JobSettings(false, true, false)), "written"));
    SparkJobException e =
        assertThrows(SparkJobException.class, () -> deltas(JobSettings.defaults()));
    assertTrue(e.getMessage().contains("exists already"), e.getMessage());
    assertEquals(10, count(deltas(new JobSettings(true, false, false)), "written"));
  }

  @Test
  void modelsAreThoseOfOneMachine() throws IOException {
    Path list = folder.resolve("list.txt");
    Path first = adapters.resolve("a00");
    Path second = adapters.resolve("a01");
    Files.writeString(list, first + "\nboth\t" + second + "\t" + first + "\n");
    for (long limit : new long[] {0, 5000}) {
      MergeSettings merge = MergeSettings.defaults().withMaxShardSizeInBytes(limit);
      FourierCluster cluster = cluster();
      List<JobOutcome> outcomes =
          cluster.merge(
              cluster.adapters(list.toString()),
              out.toString(),
              merge,
              new JobSettings(true, false, false));
      assertEquals(2, count(outcomes, "written"));
      assertEquals(8, outcomes.getLast().tensors());
      Path single = folder.resolve("single" + limit);
      assertEquals(
          Samples.modelsOfOneMachine(base, list, single, merge.options()), Samples.files(out));
    }
  }

  @Test
  void tasksThatAreKilledChangeNothingAndLeaveNothing() throws IOException {
    Random random = new Random(13);
    AtomicInteger killed = new AtomicInteger();
    SparkListener killer =
        new SparkListener() {
          @Override
          public void onTaskStart(SparkListenerTaskStart start) {
            if (killed.get() < 12 && random.nextInt(3) == 0) {
              if (session
                  .sparkContext()
                  .killTaskAttempt(start.taskInfo().taskId(), true, "a test kills it")) {
                killed.incrementAndGet();
              }
            }
          }
        };
    session.sparkContext().addSparkListener(killer);
    try {
      for (int round = 0; round < 3; round++) {
        assertEquals(10, count(deltas(new JobSettings(true, false, false)), "written"));
      }
    } finally {
      session.sparkContext().removeSparkListener(killer);
    }
    assertTrue(killed.get() > 0, "some were killed");
    assertEquals(deltasOfOneMachine(), Samples.files(out));
  }

  @Test
  void aBrokenAdapterEndsTheJobBeforeItWritesOrIsReportedAtTheEnd() throws IOException {
    Samples.spoil(adapters.resolve("a04"));
    SparkJobException e =
        assertThrows(SparkJobException.class, () -> deltas(JobSettings.defaults()));
    assertTrue(e.getMessage().contains("adapter 'a04'"), e.getMessage());
    assertEquals(Map.of(), Samples.files(out));
    List<JobOutcome> outcomes = deltas(new JobSettings(false, false, true));
    assertEquals(9, count(outcomes, "written"));
    assertTrue(outcomes.get(4).isFailed(), outcomes.get(4).toString());
    List<Row> verdicts =
        cluster()
            .validate(cluster().adapters(adapters.toString()), ResolveSettings.defaults())
            .orderBy("name")
            .collectAsList();
    assertEquals(10, verdicts.size());
    assertFalse(verdicts.get(4).getBoolean(2));
    assertTrue(
        verdicts.get(4).getString(3).contains("adapter_model.safetensors"),
        verdicts.get(4).toString());
    assertTrue(verdicts.get(5).getBoolean(2));
    assertEquals(4L * 20, verdicts.get(5).getLong(5));
    ResolveSettings resolve = ResolveSettings.defaults();
    List<AdapterEntry> entries = cluster().adapters(adapters.toString());
    List<Row> norms = cluster().norms(entries, resolve).filter("reason <> ''").collectAsList();
    assertEquals(1, norms.size());
    assertEquals("a04", norms.getFirst().getAs("name"));
    assertTrue(norms.getFirst().isNullAt(norms.getFirst().fieldIndex("delta_norm")));
    List<Row> pairs = cluster().similarity(entries, -1, resolve).collectAsList();
    assertEquals(9 * 8 / 2 + 1, pairs.size());
    assertEquals(1, pairs.stream().filter(row -> !row.getString(3).isEmpty()).count());
  }

  @Test
  void normsAndCosinesAreThoseOfOneMachine() throws IOException {
    Samples.adapter(adapters.resolve("twin"), 2);
    FourierCluster cluster = cluster();
    List<AdapterEntry> entries = cluster.adapters(adapters.toString());
    SimilarityMatrix matrix =
        SimilarityMatrix.of(base, AdapterSets.inFolder(adapters), ResolveOptions.defaults());
    Map<String, Double> norms = new java.util.HashMap<>();
    for (Row row : cluster.norms(entries, ResolveSettings.defaults()).collectAsList()) {
      double norm = row.getAs("delta_norm");
      norms.merge(row.getAs("name"), norm * norm, Double::sum);
    }
    for (int i = 0; i < matrix.size(); i++) {
      assertEquals(matrix.norm(i), Math.sqrt(norms.get(matrix.names().get(i))), 1e-9);
    }
    List<Row> pairs = cluster.similarity(entries, -1, ResolveSettings.defaults()).collectAsList();
    assertEquals(11 * 10 / 2, pairs.size());
    for (Row row : pairs) {
      int i = matrix.names().indexOf(row.getString(0));
      int j = matrix.names().indexOf(row.getString(1));
      assertEquals(matrix.cosine(i, j), row.getDouble(2), 1e-12);
    }
    assertEquals(1, cluster.similarity(entries, 0.99, ResolveSettings.defaults()).count());
  }

  @Test
  void aTableNamesAdaptersToo() throws IOException {
    FourierCluster cluster = cluster();
    var table =
        session.sql("select 'mine' as name, '%s' as adapter".formatted(adapters.resolve("a06")));
    List<AdapterEntry> entries = cluster.adapters(table);
    assertEquals("mine", entries.getFirst().name());
    assertThrows(io.fourierft.FourierException.class, () -> cluster.adapters(table.union(table)));
  }

  @Test
  void aFolderThatIsInUseIsRefused() throws IOException {
    org.apache.hadoop.conf.Configuration configuration = new org.apache.hadoop.conf.Configuration();
    try (OutputFolder held = OutputFolder.take(out.toString(), "another", configuration)) {
      SparkJobException e =
          assertThrows(SparkJobException.class, () -> deltas(JobSettings.defaults()));
      assertTrue(e.getMessage().contains("another job writes into"), e.getMessage());
    }
    assertEquals(10, count(deltas(JobSettings.defaults()), "written"));
  }

  @Test
  void aBaseThatChangesIsRefused() throws IOException {
    FourierCluster cluster = cluster();
    Path shard = base.resolve("model-00002-of-00004.safetensors");
    Files.setLastModifiedTime(shard, FileTime.fromMillis(5_000));
    SparkJobException e =
        assertThrows(
            SparkJobException.class,
            () ->
                cluster.deltas(
                    cluster.adapters(adapters.toString()),
                    out.toString(),
                    ResolveSettings.defaults(),
                    JobSettings.defaults()));
    assertTrue(e.getMessage().startsWith("the base changed while the job ran"), e.getMessage());
    assertEquals(Map.of(), Samples.files(out));
  }

  /** Trying again would bring the same words: the first ends the job. */
  @Test
  void aRefusalIsNotTriedAgain() {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    LongAccumulator attempts = session.sparkContext().longAccumulator("attempts");
    SparkJobException e =
        assertThrows(
            SparkJobException.class,
            () ->
                StreamedResults.run(
                    spark,
                    spark.parallelize(List.of(1), 1),
                    (task, some) -> {
                      attempts.add(1);
                      throw new SparkJobException("no, and never");
                    },
                    result -> {}));
    assertEquals("no, and never", e.getMessage());
    assertEquals(1, attempts.value());

    ArrayList<String> arrived = new ArrayList<>();
    StreamedResults.run(
        spark,
        spark.parallelize(List.of(1, 2), 2),
        (task, some) -> {
          if (task.attemptNumber() < 2) {
            throw new IOException("this may pass");
          }
          return new ArrayList<>(List.of("attempt " + task.attemptNumber()));
        },
        arrived::add);
    assertEquals(List.of("attempt 2", "attempt 2"), arrived);
  }

  @Test
  void anExecutorThatIsNotAsTheDriverIsRefused() {
    Handshake driver = new Handshake("1.0", true);
    driver.require(new Handshake("1.0", true), "here");
    SparkJobException e =
        assertThrows(
            SparkJobException.class, () -> driver.require(new Handshake("1.1", true), "there"));
    assertTrue(e.getMessage().contains("on there has version 1.1 of fourierft and the driver 1.0"));
    e =
        assertThrows(
            SparkJobException.class, () -> driver.require(new Handshake("1.0", false), "there"));
    assertTrue(e.getMessage().contains("without the vector module"));
    assertThrows(
        SparkJobException.class,
        () -> new Handshake("1.0", false).require(new Handshake("1.0", true), "there"));
    assertFalse(Handshake.ofThisMachine().version().equals("unknown"));
    assertEquals("cuda:3", Executors.device(new String[] {"3", "4"}));
    assertEquals("cpu", Executors.device(new String[0]));
  }

  @Test
  void theCommandsRun() throws IOException {
    String[] inputs = {"--base", base.toString(), "--adapters", adapters.toString()};
    assertEquals(2, SparkMain.run("deltas", "--base", base.toString()), "adapters are missing");
    assertEquals(0, run("validate", inputs));
    assertEquals(0, run("norms", inputs, "--out", folder.resolve("norms").toString()));
    assertEquals(40, session.read().parquet(folder.resolve("norms").toString()).count());
    assertEquals(0, run("similarity", inputs, "--threshold", "0.5"));
    assertEquals(0, run("deltas", inputs, "--out", out.toString()));
    assertEquals(1, run("deltas", inputs, "--out", out.toString()));
    assertEquals(0, run("deltas", inputs, "--out", out.toString(), "--resume"));
    Samples.spoil(adapters.resolve("a01"));
    assertEquals(1, run("validate", inputs));
    assertEquals(1, run("norms", inputs));
    assertEquals(1, run("similarity", inputs));
    assertEquals(1, run("merge", inputs, "--out", folder + "/m", "--keep-going"));
    assertTrue(Files.exists(folder.resolve("m/a02/config.json")));
    assertFalse(Files.exists(folder.resolve("m/a01")));
  }

  private static int run(String command, String[] inputs, String... more) {
    String[] all = new String[1 + inputs.length + more.length];
    all[0] = command;
    System.arraycopy(inputs, 0, all, 1, inputs.length);
    System.arraycopy(more, 0, all, 1 + inputs.length, more.length);
    return SparkMain.run(all);
  }

  @Test
  void namesAreThoseOfOneMachine() {
    assertThrows(
        io.fourierft.FourierException.class,
        () ->
            FourierCluster.requireDistinct(
                List.of(new AdapterEntry("a", List.of("x")), new AdapterEntry("a", List.of("y")))));
    assertEquals("x", AdapterSet.of(Path.of("y/x")).name());
    assertEquals(MergeOptions.defaults(), MergeSettings.defaults().options());
  }
}
