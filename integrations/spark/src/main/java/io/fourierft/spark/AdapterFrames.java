package io.fourierft.spark;

import io.fourierft.FourierException;
import io.fourierft.bulk.SimilarityMatrix;
import io.fourierft.merge.AdapterInspection;
import io.fourierft.merge.OpenBase;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.peft.ResolvedModule;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** What is known of adapters without any ΔW, as tables that the executors fill. */
final class AdapterFrames {
  /** Adapters of which a task holds two blocks to compare them. */
  private static final int BLOCK = 512;

  private AdapterFrames() {}

  static Dataset<Row> norms(
      SparkSession session, JobScope scope, List<AdapterEntry> adapters, ResolveSettings resolve) {
    StructType schema =
        new StructType()
            .add("name", DataTypes.StringType, false)
            .add("adapter", DataTypes.StringType, false)
            .add("module", DataTypes.StringType)
            .add("weights", DataTypes.StringType)
            .add("out_features", DataTypes.IntegerType)
            .add("in_features", DataTypes.IntegerType)
            .add("n_frequency", DataTypes.IntegerType)
            .add("spectrum_norm", DataTypes.DoubleType)
            .add("largest_coefficient", DataTypes.DoubleType)
            .add("delta_norm", DataTypes.DoubleType)
            .add("reason", DataTypes.StringType, false);
    return session.createDataFrame(
        each(session, adapters)
            .mapPartitions(
                some ->
                    rows(
                        scope,
                        some,
                        (base, entry, rows) -> {
                          AdapterInspection found = inspect(scope, base, entry, resolve);
                          for (AdapterInspection.Layer layer : found.layers()) {
                            ResolvedModule bound = layer.bound();
                            rows.add(
                                RowFactory.create(
                                    entry.name(),
                                    entry.adapters().getFirst(),
                                    layer.path(),
                                    String.join(", ", bound.weights()),
                                    bound.adapter().rows(),
                                    bound.adapter().cols(),
                                    layer.nFrequency(),
                                    layer.spectrumNorm(),
                                    layer.largestCoefficient(),
                                    bound.adapter().deltaNorm(),
                                    ""));
                          }
                        },
                        (entry, reason) ->
                            RowFactory.create(
                                entry.name(),
                                entry.adapters().getFirst(),
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                reason))),
        schema);
  }

  static Dataset<Row> validate(
      SparkSession session, JobScope scope, List<AdapterEntry> adapters, ResolveSettings resolve) {
    StructType schema =
        new StructType()
            .add("name", DataTypes.StringType, false)
            .add("adapter", DataTypes.StringType, false)
            .add("valid", DataTypes.BooleanType, false)
            .add("reason", DataTypes.StringType, false)
            .add("modules", DataTypes.IntegerType, false)
            .add("coefficients", DataTypes.LongType, false);
    return session.createDataFrame(
        each(session, adapters)
            .mapPartitions(
                some ->
                    rows(
                        scope,
                        some,
                        (base, entry, rows) -> {
                          AdapterInspection found = inspect(scope, base, entry, resolve);
                          long count =
                              found.layers().stream()
                                  .mapToLong(AdapterInspection.Layer::nFrequency)
                                  .sum();
                          rows.add(
                              RowFactory.create(
                                  entry.name(),
                                  entry.adapters().getFirst(),
                                  true,
                                  "",
                                  found.layers().size(),
                                  count));
                        },
                        (entry, reason) ->
                            RowFactory.create(
                                entry.name(), entry.adapters().getFirst(), false, reason, 0, 0L))),
        schema);
  }

  static Dataset<Row> similarity(
      SparkSession session,
      JobScope scope,
      List<AdapterEntry> adapters,
      double threshold,
      ResolveSettings resolve) {
    FourierCluster.requireDistinct(adapters);
    StructType schema =
        new StructType()
            .add("first", DataTypes.StringType, false)
            .add("second", DataTypes.StringType)
            .add("cosine", DataTypes.DoubleType)
            .add("reason", DataTypes.StringType, false);
    List<BlockPair> pairs = new ArrayList<>();
    for (int i = 0; i < adapters.size(); i += BLOCK) {
      for (int j = 0; j <= i; j += BLOCK) {
        pairs.add(new BlockPair(block(adapters, j), i == j ? List.of() : block(adapters, i)));
      }
    }
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    JavaRDD<Row> rows =
        spark
            .parallelize(pairs, Math.max(1, pairs.size()))
            .mapPartitions(
                some -> {
                  List<Row> found = new ArrayList<>();
                  while (some.hasNext()) {
                    compare(scope, some.next(), threshold, resolve, found);
                  }
                  return found.iterator();
                });
    return session.createDataFrame(rows, schema);
  }

  private static List<AdapterEntry> block(List<AdapterEntry> adapters, int from) {
    return new ArrayList<>(adapters.subList(from, Math.min(adapters.size(), from + BLOCK)));
  }

  /** Pairs within a block, if it is alone, or between two. */
  private static void compare(
      JobScope scope, BlockPair pair, double threshold, ResolveSettings resolve, List<Row> found)
      throws IOException {
    List<AdapterEntry> entries = new ArrayList<>(pair.first());
    entries.addAll(pair.second());
    OpenBase base;
    try {
      base = scope.open();
    } catch (FourierException e) {
      entries.forEach(entry -> found.add(without(entry, e)));
      return;
    }
    Map<String, ResolvedAdapter> resolved = new LinkedHashMap<>();
    int border = 0;
    for (int i = 0; i < entries.size(); i++) {
      AdapterEntry entry = entries.get(i);
      try {
        resolved.put(entry.name(), base.bind(scope.set(entry).single(), resolve.options()));
        border += i < pair.first().size() ? 1 : 0;
      } catch (FourierException | IOException e) {
        // For each block that it is compared with: the next one may have read it.
        found.add(without(entry, e));
      }
    }
    if (resolved.isEmpty()) {
      return;
    }
    SimilarityMatrix matrix = SimilarityMatrix.of(resolved);
    for (SimilarityMatrix.Pair alike : matrix.pairs(threshold)) {
      boolean across = alike.first() < border && alike.second() >= border;
      if (across || pair.second().isEmpty()) {
        found.add(
            RowFactory.create(
                matrix.names().get(alike.first()),
                matrix.names().get(alike.second()),
                alike.cosine(),
                ""));
      }
    }
  }

  private static Row without(AdapterEntry entry, Exception failure) {
    return RowFactory.create(entry.name(), null, null, ExecutorWork.words(failure));
  }

  private static JavaRDD<AdapterEntry> each(SparkSession session, List<AdapterEntry> adapters) {
    FourierCluster.requireDistinct(adapters);
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    int slices = Math.max(1, Math.min(adapters.size(), 4 * spark.defaultParallelism()));
    return spark.parallelize(adapters, slices);
  }

  private static AdapterInspection inspect(
      JobScope scope, OpenBase base, AdapterEntry entry, ResolveSettings resolve)
      throws IOException {
    return AdapterInspection.of(scope.set(entry).single(), base, resolve.options());
  }

  /** What an executor refuses becomes a row: Spark would try it again, for the same words. */
  private static Iterator<Row> rows(
      JobScope scope, Iterator<AdapterEntry> entries, Filling filling, Refusal refusal) {
    List<Row> rows = new ArrayList<>();
    try {
      OpenBase base;
      try {
        base = scope.open();
      } catch (FourierException e) {
        entries.forEachRemaining(entry -> rows.add(refusal.row(entry, ExecutorWork.words(e))));
        return rows.iterator();
      }
      while (entries.hasNext()) {
        AdapterEntry entry = entries.next();
        int before = rows.size();
        try {
          filling.add(base, entry, rows);
        } catch (FourierException | IOException e) {
          rows.subList(before, rows.size()).clear();
          rows.add(refusal.row(entry, ExecutorWork.words(e)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return rows.iterator();
  }

  /** Adds the rows of one adapter. */
  @FunctionalInterface
  private interface Filling extends Serializable {
    void add(OpenBase base, AdapterEntry entry, List<Row> rows) throws IOException;
  }

  /** The row of an adapter of which nothing else is known. */
  @FunctionalInterface
  private interface Refusal extends Serializable {
    Row row(AdapterEntry entry, String reason);
  }

  /** Adapters to compare with each other, or those of one block with those of another. */
  private record BlockPair(List<AdapterEntry> first, List<AdapterEntry> second)
      implements Serializable {}
}
