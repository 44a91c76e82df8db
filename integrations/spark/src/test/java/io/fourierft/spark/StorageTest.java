package io.fourierft.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jobs over other file systems than a disk's: HDFS itself, and one that renames by copying. */
class StorageTest {
  @TempDir static Path shared;
  private static MiniDFSCluster hdfs;
  private static SparkSession session;

  @TempDir Path folder;
  private Path base;
  private Path adapters;
  private Path out;

  @BeforeAll
  static void start() throws IOException {
    Configuration configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, shared.resolve("hdfs").toString());
    configuration.set("dfs.permissions.enabled", "false");
    hdfs = new MiniDFSCluster.Builder(configuration).numDataNodes(1).format(true).build();
    session =
        SparkSession.builder()
            .master("local[3,4]")
            .appName("fourierft-storage-test")
            .config("spark.ui.enabled", false)
            .getOrCreate();
    CopyingFileSystem.register(session.sparkContext().hadoopConfiguration());
  }

  @AfterAll
  static void stop() {
    session.stop();
    hdfs.shutdown();
  }

  @BeforeEach
  void makeFiles() throws IOException {
    base = Samples.base(folder.resolve("base"));
    adapters = Samples.adapters(folder.resolve("adapters"), 5);
    out = folder.resolve("out");
  }

  @AfterEach
  void mend() {
    CopyingFileSystem.LEFT.set(-1);
  }

  private static String copying(Path path) {
    return CopyingFileSystem.SCHEME + ":" + path;
  }

  private static long count(List<JobOutcome> outcomes, String status) {
    return outcomes.stream().filter(outcome -> outcome.status().equals(status)).count();
  }

  private static List<JobOutcome> deltas(
      String base, String adapters, String out, JobSettings settings) throws IOException {
    FourierCluster cluster = FourierCluster.of(session, base);
    return cluster.deltas(cluster.adapters(adapters), out, ResolveSettings.defaults(), settings);
  }

  private static List<JobOutcome> models(
      String base, String adapters, String out, JobSettings settings) throws IOException {
    FourierCluster cluster = FourierCluster.of(session, base);
    return cluster.merge(cluster.adapters(adapters), out, MergeSettings.defaults(), settings);
  }

  /** What HDFS gives: no rename over what is there, ranges, no checks by locks. */
  @Test
  void hdfsHoldsBasesAdaptersAndOutputs() throws IOException {
    FileSystem files = hdfs.getFileSystem();
    String root = files.getUri().toString();
    for (String name : List.of("a03", "a04")) {
      Samples.delete(adapters.resolve(name));
    }
    for (Path local : List.of(base, adapters)) {
      files.copyFromLocalFile(hadoop(local), new org.apache.hadoop.fs.Path("/", name(local)));
    }
    JobSettings settings = JobSettings.defaults();
    assertEquals(
        3,
        count(
            deltas(root + "/base", root + "/adapters", root + "/deltas", settings),
            JobOutcome.WRITTEN));
    assertEquals(
        3,
        count(
            models(root + "/base", root + "/adapters", root + "/models", settings),
            JobOutcome.WRITTEN));
    files.copyToLocalFile(new org.apache.hadoop.fs.Path("/deltas"), hadoop(out.resolve("deltas")));
    files.copyToLocalFile(new org.apache.hadoop.fs.Path("/models"), hadoop(out.resolve("models")));
    assertEquals(
        Samples.deltasOfOneMachine(base, adapters, folder.resolve("single")),
        without(Samples.files(out.resolve("deltas"))));
    assertEquals(
        Samples.modelsOfOneMachine(base, adapters, folder.resolve("single-models")),
        without(Samples.files(out.resolve("models"))));
    assertFalse(files.exists(new org.apache.hadoop.fs.Path("/deltas/_fourierft-temporary")));

    JobSettings resume = new JobSettings(false, true, false);
    assertEquals(
        3,
        count(
            models(root + "/base", root + "/adapters", root + "/models", resume),
            JobOutcome.SKIPPED));
    SparkJobException e =
        assertThrows(
            SparkJobException.class,
            () -> deltas(root + "/base", root + "/adapters", root + "/deltas", settings));
    assertTrue(e.getMessage().contains("exists already"), e.getMessage());
  }

  private static String name(Path path) {
    return path.getFileName().toString();
  }

  private static org.apache.hadoop.fs.Path hadoop(Path path) {
    return new org.apache.hadoop.fs.Path(path.toUri());
  }

  /** Without the sums that Hadoop's own copies to a disk leave. */
  private static Map<String, Integer> without(Map<String, Integer> files) {
    files.keySet().removeIf(name -> name.endsWith(".crc"));
    return files;
  }

  @Test
  void whereARenameIsACopyTheOutputsAreTheSame() throws IOException {
    CopyingFileSystem.COPIED.set(0);
    JobSettings settings = JobSettings.defaults();
    deltas(copying(base), copying(adapters), copying(out.resolve("deltas")), settings);
    models(copying(base), copying(adapters), copying(out.resolve("models")), settings);
    assertTrue(CopyingFileSystem.COPIED.get() > 0, "it was used");
    assertEquals(
        Samples.deltasOfOneMachine(base, adapters, folder.resolve("single")),
        Samples.files(out.resolve("deltas")));
    assertEquals(
        Samples.modelsOfOneMachine(base, adapters, folder.resolve("single-models")),
        Samples.files(out.resolve("models")));
  }

  /** A driver dies while it renames: whatever is there by then, a later job makes it whole. */
  @Test
  void aFolderOfWhichAPartWasRenamedIsNotTakenForWhole() throws IOException {
    Map<String, Integer> expected =
        Samples.modelsOfOneMachine(base, adapters, folder.resolve("single-models"));
    String models = copying(out);
    JobSettings resume = new JobSettings(false, true, false);
    for (int copies : new int[] {3, 9}) {
      CopyingFileSystem.LEFT.set(copies);
      Exception died =
          assertThrows(
              UncheckedIOException.class,
              () -> models(copying(base), copying(adapters), models, resume));
      assertTrue(died.getMessage().contains("the driver died"), died.getMessage());
      CopyingFileSystem.LEFT.set(-1);
      assertTrue(isInPart(expected, Samples.files(out)), "a folder is there in part");
      List<JobOutcome> outcomes = models(copying(base), copying(adapters), models, resume);
      assertEquals(copies / 7, count(outcomes, JobOutcome.SKIPPED));
      assertEquals(5 - copies / 7, count(outcomes, JobOutcome.WRITTEN));
      assertEquals(expected, Samples.files(out), "after " + copies + " copies");
      Samples.delete(out);
    }
  }

  private static boolean isInPart(Map<String, Integer> expected, Map<String, Integer> left) {
    for (String model : List.of("a00", "a01", "a02", "a03", "a04")) {
      long there = left.keySet().stream().filter(name -> name.startsWith(model + "/")).count();
      long all = expected.keySet().stream().filter(name -> name.startsWith(model + "/")).count();
      if (there > 0 && there < all) {
        return true;
      }
    }
    return false;
  }

  /** Something else under an output's name is not this job's to replace. */
  @Test
  void whatSomebodyElsePutThereStays() throws IOException {
    deltas(copying(base), copying(adapters), copying(out), JobSettings.defaults());
    Files.writeString(out.resolve("a02.safetensors"), "somebody's");
    JobSettings resume = new JobSettings(false, true, true);
    List<JobOutcome> outcomes = deltas(copying(base), copying(adapters), copying(out), resume);
    assertEquals(4, count(outcomes, JobOutcome.SKIPPED));
    assertTrue(outcomes.get(2).reason().contains("exists already"), outcomes.get(2).toString());
    assertEquals("somebody's", Files.readString(out.resolve("a02.safetensors")));
  }
}
