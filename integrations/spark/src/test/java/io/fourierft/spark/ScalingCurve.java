package io.fourierft.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/**
 * Times the same deltas with one, two and four tasks at a time, for {@code docs/scaling.md}. Not a
 * test. Arguments: how many adapters, and a folder to work in.
 */
final class ScalingCurve {
  private ScalingCurve() {}

  public static void main(String[] arguments) throws IOException {
    int count = Integer.parseInt(arguments[0]);
    Path folder = Files.createTempDirectory(Path.of(arguments[1]), "fourierft-curve-");
    Path base = Samples.base(folder.resolve("base"), Integer.parseInt(arguments[2]));
    Path adapters = Samples.adapters(folder.resolve("adapters"), count);
    for (int round = 0; round < 3; round++) {
      for (int tasks : new int[] {1, 2, 4}) {
        try (SparkSession session =
            SparkSession.builder()
                .master("local[" + tasks + "]")
                .appName("curve")
                .config("spark.ui.enabled", false)
                .getOrCreate()) {
          FourierCluster cluster = FourierCluster.of(session, base.toString());
          List<AdapterEntry> entries = cluster.adapters(adapters.toString());
          Path out = folder.resolve("out");
          long start = System.nanoTime();
          List<JobOutcome> outcomes =
              cluster.deltas(
                  entries, out.toString(), ResolveSettings.defaults(), JobSettings.defaults());
          double seconds = (System.nanoTime() - start) / 1e9;
          long bytes = outcomes.stream().mapToLong(JobOutcome::sizeInBytes).sum();
          System.out.printf(
              Locale.ROOT,
              "round %d, %d tasks: %.2f s, %.0f MB/s%n",
              round,
              tasks,
              seconds,
              bytes / 1e6 / seconds);
          delete(out);
        }
      }
    }
    delete(folder);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
