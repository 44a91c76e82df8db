package io.fourierft.spark;

import io.fourierft.FourierException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.SparkException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * What {@code spark-submit} starts. Exit codes as {@code fourierft}'s: 0 success, 1 failure, 2
 * wrong usage.
 */
@Command(
    name = "fourierft-spark",
    mixinStandardHelpOptions = true,
    description = "Works with many FourierFT adapters of one base model on a Spark cluster.",
    subcommands = {
      SparkMain.Deltas.class,
      SparkMain.Merge.class,
      SparkMain.Norms.class,
      SparkMain.Similarity.class,
      SparkMain.Validate.class,
      CommandLine.HelpCommand.class
    })
public final class SparkMain {
  private static final int FAILURE = 1;

  /** Made by picocli or by {@link #run}. */
  SparkMain() {}

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    int code = run(arguments);
    if (SparkSession.getDefaultSession().isDefined()) {
      SparkSession.getDefaultSession().get().stop();
    }
    System.exit(code);
  }

  /** Runs a command in this process, whose Spark session stays open. */
  public static int run(String... arguments) {
    return new CommandLine(new SparkMain())
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              boolean foreseen =
                  failure instanceof FourierException
                      || failure instanceof IOException
                      || failure instanceof SparkException;
              command
                  .getErr()
                  .println(
                      "fourierft-spark: " + (foreseen ? failure.getMessage() : failure.toString()));
              if (!foreseen) {
                failure.printStackTrace(command.getErr());
              }
              return FAILURE;
            })
        .execute(arguments);
  }

  /** The options that say which adapters of which base. */
  static final class Inputs {
    @Option(names = "--base", required = true, paramLabel = "PATH", description = "base model")
    private String base;

    @Option(
        names = "--adapters",
        required = true,
        paramLabel = "FOLDER|LIST|TABLE",
        description =
            "each folder in FOLDER with an adapter_config.json; each line of the text file LIST"
                + " (*.txt): a path, or a name, a tab and a path; or a TABLE (*.parquet, *.json,"
                + " *.csv with a header) with the columns name and adapter")
    private String adapters;

    @Option(names = "--legacy-randperm", description = "the places of torch before 2025")
    private boolean legacy;

    @Option(
        names = "--autocast-adapter-dtype",
        negatable = true,
        defaultValue = "true",
        fallbackValue = "true",
        description = "PEFT's autocast_adapter_dtype")
    private boolean autocast;

    @Option(
        names = "--rename",
        paramLabel = "REGEX=REPLACEMENT",
        description = "change module names")
    private List<String> renames = List.of();

    @Option(names = "--layout", paramLabel = "LAYOUT[=PATTERN]", description = "out-in or in-out")
    private List<String> layouts = List.of();

    FourierCluster cluster(SparkSession session) throws IOException {
      return FourierCluster.of(session, base);
    }

    List<AdapterEntry> adapters(SparkSession session, FourierCluster cluster) throws IOException {
      if (adapters.endsWith(".parquet")) {
        return cluster.adapters(session.read().parquet(adapters));
      }
      if (adapters.endsWith(".json")) {
        return cluster.adapters(session.read().json(adapters));
      }
      return adapters.endsWith(".csv")
          ? cluster.adapters(session.read().option("header", true).csv(adapters))
          : cluster.adapters(adapters);
    }

    ResolveSettings resolve() {
      return new ResolveSettings(legacy, autocast, renames, layouts);
    }
  }

  /** The options of jobs that write. */
  static final class Outputs {
    @Option(
        names = "--out",
        required = true,
        paramLabel = "FOLDER",
        description = "folder to write to")
    private String out;

    @Option(names = "--overwrite", description = "replace outputs that exist")
    private boolean overwrite;

    @Option(names = "--resume", description = "pass over outputs of the same inputs")
    private boolean resume;

    @Option(names = "--keep-going", description = "go on when one fails; exit 1 at the end")
    private boolean keepGoing;

    JobSettings settings() {
      return new JobSettings(overwrite, resume, keepGoing);
    }

    private int report(List<JobOutcome> outcomes) {
      for (JobOutcome outcome : outcomes) {
        System.out.printf(
            "%s\t%s\t%d\t%d\t%s%n",
            outcome.name(),
            outcome.status(),
            outcome.tensors(),
            outcome.sizeInBytes(),
            outcome.isFailed() ? outcome.reason() : outcome.output());
      }
      return outcomes.stream().anyMatch(JobOutcome::isFailed) ? FAILURE : 0;
    }
  }

  /** {@code deltas}. */
  @Command(
      name = "deltas",
      mixinStandardHelpOptions = true,
      description = "Writes the delta of every module of each adapter: NAME.safetensors.")
  static final class Deltas implements Callable<Integer> {
    @Mixin private Inputs inputs;
    @Mixin private Outputs outputs;

    @Override
    public Integer call() throws IOException {
      SparkSession session = session();
      FourierCluster cluster = inputs.cluster(session);
      return outputs.report(
          cluster.deltas(
              inputs.adapters(session, cluster),
              outputs.out,
              inputs.resolve(),
              outputs.settings()));
    }
  }

  /** {@code merge}. */
  @Command(
      name = "merge",
      mixinStandardHelpOptions = true,
      description = "Writes a merged model for each adapter, or each line of a list: folder NAME.")
  static final class Merge implements Callable<Integer> {
    @Mixin private Inputs inputs;
    @Mixin private Outputs outputs;

    @Option(
        names = "--dtype",
        defaultValue = "",
        paramLabel = "DTYPE",
        description = "F32, F16 or BF16")
    private String dtype;

    @Option(names = "--safe", description = "refuse a result that is not finite")
    private boolean safe;

    @Option(
        names = "--max-shard-bytes",
        paramLabel = "BYTES",
        description = "the largest weight file, which one task writes (default: the base's files)")
    private long maxShardBytes;

    @Override
    public Integer call() throws IOException {
      SparkSession session = session();
      FourierCluster cluster = inputs.cluster(session);
      return outputs.report(
          cluster.merge(
              inputs.adapters(session, cluster),
              outputs.out,
              new MergeSettings(dtype, safe, maxShardBytes, inputs.resolve()),
              outputs.settings()));
    }
  }

  /** The options of jobs whose result is a table. */
  static final class Table {
    private static final int MOST_ROWS = 1000;

    @Option(
        names = "--out",
        paramLabel = "FOLDER",
        description = "write the table there, as Parquet, instead of showing its first 1000 rows")
    private String out;

    /** A row with a reason is one of what could not be read. */
    int report(Dataset<Row> table) {
      Dataset<Row> rows = table.cache();
      if (out == null) {
        rows.show(MOST_ROWS, false);
      } else {
        rows.write().parquet(out);
      }
      return rows.filter("reason <> ''").isEmpty() ? 0 : FAILURE;
    }
  }

  /** {@code norms}. */
  @Command(
      name = "norms",
      mixinStandardHelpOptions = true,
      description = "One row a module of each adapter: shapes and norms, from the coefficients.")
  static final class Norms implements Callable<Integer> {
    @Mixin private Inputs inputs;
    @Mixin private Table table;

    @Override
    public Integer call() throws IOException {
      SparkSession session = session();
      FourierCluster cluster = inputs.cluster(session);
      return table.report(cluster.norms(inputs.adapters(session, cluster), inputs.resolve()));
    }
  }

  /** {@code similarity}. */
  @Command(
      name = "similarity",
      mixinStandardHelpOptions = true,
      description = "One row a pair of adapters whose deltas are alike: the cosine.")
  static final class Similarity implements Callable<Integer> {
    @Mixin private Inputs inputs;
    @Mixin private Table table;

    @Option(
        names = "--threshold",
        defaultValue = "0.9",
        paramLabel = "COSINE",
        description = "from which on (default: 0.9)")
    private double threshold;

    @Override
    public Integer call() throws IOException {
      SparkSession session = session();
      FourierCluster cluster = inputs.cluster(session);
      return table.report(
          cluster.similarity(inputs.adapters(session, cluster), threshold, inputs.resolve()));
    }
  }

  /** {@code validate}. */
  @Command(
      name = "validate",
      mixinStandardHelpOptions = true,
      description =
          "One row an adapter: whether PEFT wrote such, it fits the base, and if not, why.")
  static final class Validate implements Callable<Integer> {
    @Mixin private Inputs inputs;
    @Mixin private Table table;

    @Override
    public Integer call() throws IOException {
      SparkSession session = session();
      FourierCluster cluster = inputs.cluster(session);
      return table.report(cluster.validate(inputs.adapters(session, cluster), inputs.resolve()));
    }
  }

  private static SparkSession session() {
    return SparkSession.builder().appName("fourierft").getOrCreate();
  }
}
