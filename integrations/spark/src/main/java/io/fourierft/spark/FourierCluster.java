package io.fourierft.spark;

import io.fourierft.FourierException;
import io.fourierft.bulk.AdapterSet;
import io.fourierft.bulk.AdapterSets;
import io.fourierft.merge.OpenBase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The front door: jobs over many adapters of one base on a Spark cluster. All paths are Hadoop's.
 * For use by one thread at a time.
 */
public final class FourierCluster {
  private final SparkSession session;
  private final JobScope scope;

  private FourierCluster(SparkSession session, JobScope scope) {
    this.session = session;
    this.scope = scope;
  }

  /**
   * On a running session.
   *
   * @param base a model folder, which every executor can read
   * @throws FourierException if it is no model
   * @throws IOException if it cannot be read
   */
  public static FourierCluster of(SparkSession session, String base) throws IOException {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    ClusterConfiguration configuration = new ClusterConfiguration(spark.hadoopConfiguration());
    try (OpenBase open = OpenBase.open(Executors.path(configuration, base))) {
      return new FourierCluster(
          session,
          new JobScope(configuration, base, BaseState.of(open), Handshake.ofThisMachine()));
    }
  }

  /**
   * The adapters in a folder, or those that a text file lists, as {@link AdapterSets#find}.
   *
   * @throws FourierException if there are none
   * @throws IOException if it cannot be read
   */
  public List<AdapterEntry> adapters(String folderOrList) throws IOException {
    Path path = Executors.path(scope.configuration(), folderOrList);
    boolean folder = java.nio.file.Files.isDirectory(path);
    List<AdapterEntry> entries = new ArrayList<>();
    for (AdapterSet set : AdapterSets.find(path)) {
      entries.add(
          new AdapterEntry(
              set.name(),
              set.adapters().stream()
                  .map(adapter -> folder ? adapter.toString() : String.valueOf(adapter))
                  .toList()));
    }
    return entries;
  }

  /**
   * The adapters of a table with the columns {@code name} and {@code adapter}.
   *
   * @throws FourierException if two have one name
   */
  public List<AdapterEntry> adapters(Dataset<Row> table) {
    List<AdapterEntry> entries = new ArrayList<>();
    for (Row row : table.select("name", "adapter").collectAsList()) {
      entries.add(new AdapterEntry(row.getString(0), List.of(row.getString(1))));
    }
    requireDistinct(entries);
    return entries;
  }

  /** Refuses entries whose outputs would be one. */
  static void requireDistinct(List<AdapterEntry> entries) {
    AdapterSets.requireDistinct(
        entries.stream()
            .map(
                entry ->
                    new AdapterSet(entry.name(), entry.adapters().stream().map(Path::of).toList()))
            .toList());
  }

  /**
   * Writes the ΔW of every adapter, {@code NAME.safetensors} each, the same bytes as {@code
   * fourierft delta} on one machine writes.
   *
   * @return what became of each adapter, in their order
   * @throws SparkJobException if one fails and the settings do not say to go on; if an executor
   *     differs from the driver; if the base changes meanwhile
   * @throws IOException if the output folder cannot be written
   */
  public List<JobOutcome> deltas(
      List<AdapterEntry> adapters, String output, ResolveSettings resolve, JobSettings settings)
      throws IOException {
    return new DeltaJobs(spark(), scope, resolve, settings).run(adapters, output);
  }

  /**
   * Writes a merged model for every entry, a folder of its name; weight files in parallel. The same
   * bytes as {@code fourierft merge} on one machine writes.
   *
   * @return what became of each, in their order
   * @throws SparkJobException as {@link #deltas}
   * @throws IOException if the output folder cannot be written
   */
  public List<JobOutcome> merge(
      List<AdapterEntry> sets, String output, MergeSettings merge, JobSettings settings)
      throws IOException {
    return new MergeJobs(spark(), scope, merge, settings).run(sets, output);
  }

  /**
   * One row a module of each adapter: shapes, and norms from the coefficients alone; of an adapter
   * that is broken one row without them, with the {@code reason}.
   */
  public Dataset<Row> norms(List<AdapterEntry> adapters, ResolveSettings resolve) {
    return AdapterFrames.norms(session, scope, adapters, resolve);
  }

  /** One row an adapter: whether it is what PEFT writes and fits the base, and if not, why. */
  public Dataset<Row> validate(List<AdapterEntry> adapters, ResolveSettings resolve) {
    return AdapterFrames.validate(session, scope, adapters, resolve);
  }

  /**
   * One row a pair of adapters whose ΔWs have a cosine of at least {@code threshold}; of an adapter
   * that is broken a row without a cosine, with the {@code reason}, for every 512 others.
   */
  public Dataset<Row> similarity(
      List<AdapterEntry> adapters, double threshold, ResolveSettings resolve) {
    return AdapterFrames.similarity(session, scope, adapters, threshold, resolve);
  }

  private JavaSparkContext spark() {
    return JavaSparkContext.fromSparkContext(session.sparkContext());
  }
}
