package io.fourierft.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.bulk.SimilarityMatrix;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code fourierft similarity}: which adapters of a base are alike. */
@Command(
    name = "similarity",
    header = "Shows which adapters of a base are alike.",
    mixinStandardHelpOptions = true,
    description = {
      "Prints the cosine of the angle between the deltas of each two adapters, from their"
          + " coefficients",
      "alone, near-duplicates and clusters. --plot draws a heat map."
    },
    footerHeading = Main.EXAMPLES,
    footer = {
      "  fourierft similarity --base examples/tiny-llama --adapters examples/adapters",
      "  fourierft similarity --base examples/tiny-llama --adapters examples/adapters \\",
      "      --plot target/similarity.png --dark --json"
    })
final class SimilarityCommand implements Callable<Integer> {
  /** Wider matrices are not for reading; then each adapter's nearest is printed. */
  private static final int MOST_COLUMNS = 12;

  @Option(
      names = "--base",
      required = true,
      paramLabel = "DIR|FILE",
      description = "base model, for the shapes, which an adapter does not store")
  private Path base;

  @Option(
      names = "--threshold",
      defaultValue = "0.9",
      paramLabel = "COSINE",
      description = "the cosine from which on two adapters are near-duplicates (default: 0.9)")
  private double threshold;

  @Option(names = "--plot", paramLabel = "FILE.png", description = "draw the matrix as a heat map")
  private @Nullable Path plot;

  @Mixin private AdaptersMixin adapters;

  @Mixin private ResolveMixin resolve;

  @Mixin private ThemeMixin theme;

  @Mixin private ReportMixin report;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (!(threshold >= -1 && threshold <= 1)) {
      throw new ParameterException(
          spec.commandLine(), "--threshold is " + threshold + "; a cosine is from -1 to 1");
    }
    if (plot != null && !plot.toString().toLowerCase(Locale.ROOT).endsWith(".png")) {
      throw new ParameterException(
          spec.commandLine(), "--plot writes a PNG; give it a name that ends in .png");
    }
    if (plot != null) {
      PngFile.requireFree(plot);
    }
    SimilarityMatrix matrix = SimilarityMatrix.of(base, adapters.sets(), resolve.options());
    List<List<Integer>> clusters = matrix.clusters(threshold);
    if (report.isJson()) {
      report.print(asJson(matrix, clusters));
    } else {
      print(report.out(), matrix, clusters);
    }
    if (plot != null) {
      PngFile.write(
          plot,
          SimilarityPlot.draw(
              matrix, clusters.stream().flatMap(List::stream).toList(), theme.theme()));
      if (!report.isJson()) {
        report.out().println("drew " + plot);
      }
    }
    return 0;
  }

  private void print(PrintWriter printer, SimilarityMatrix matrix, List<List<Integer>> clusters) {
    if (matrix.size() <= MOST_COLUMNS) {
      printMatrix(printer, matrix);
    } else {
      printNearest(printer, matrix);
    }
    List<SimilarityMatrix.Pair> pairs = matrix.pairs(threshold);
    for (List<Integer> cluster : clusters) {
      if (cluster.size() > 1) {
        printer.println(
            "alike: " + String.join(", ", cluster.stream().map(matrix.names()::get).toList()));
      }
    }
    printer.println(
        "%d adapters, %d pairs with a cosine of at least %s"
            .formatted(matrix.size(), pairs.size(), threshold));
  }

  private static void printMatrix(PrintWriter printer, SimilarityMatrix matrix) {
    String[] header = new String[matrix.size() + 2];
    header[0] = "adapter";
    header[1] = "|dW|";
    for (int j = 0; j < matrix.size(); j++) {
      header[j + 2] = matrix.names().get(j);
    }
    Table table = new Table(1, header);
    for (int i = 0; i < matrix.size(); i++) {
      String[] row = new String[header.length];
      row[0] = matrix.names().get(i);
      row[1] = Table.scientific(matrix.norm(i));
      for (int j = 0; j < matrix.size(); j++) {
        row[j + 2] = cosine(matrix.cosine(i, j));
      }
      table.add(row);
    }
    table.print(printer);
  }

  private static void printNearest(PrintWriter printer, SimilarityMatrix matrix) {
    Table table = new Table(2, "adapter", "nearest", "cosine", "|dW|");
    for (int i = 0; i < matrix.size(); i++) {
      int nearest = i == 0 ? 1 : 0;
      for (int j = 0; j < matrix.size(); j++) {
        if (j != i && matrix.cosine(i, j) > matrix.cosine(i, nearest)) {
          nearest = j;
        }
      }
      table.add(
          matrix.names().get(i),
          matrix.names().get(nearest),
          cosine(matrix.cosine(i, nearest)),
          Table.scientific(matrix.norm(i)));
    }
    table.print(printer);
  }

  private static String cosine(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }

  private ObjectNode asJson(SimilarityMatrix matrix, List<List<Integer>> clusters) {
    ObjectNode root = Json.object();
    root.put("command", spec.name());
    root.put("threshold", threshold);
    matrix.names().forEach(root.putArray("adapters")::add);
    ArrayNode norms = root.putArray("delta_norms");
    ArrayNode rows = root.putArray("cosines");
    for (int i = 0; i < matrix.size(); i++) {
      norms.add(matrix.norm(i));
      ArrayNode row = rows.addArray();
      for (int j = 0; j < matrix.size(); j++) {
        row.add(matrix.cosine(i, j));
      }
    }
    ArrayNode pairs = root.putArray("pairs");
    for (SimilarityMatrix.Pair pair : matrix.pairs(threshold)) {
      pairs
          .addObject()
          .put("first", matrix.names().get(pair.first()))
          .put("second", matrix.names().get(pair.second()))
          .put("cosine", pair.cosine());
    }
    ArrayNode groups = root.putArray("clusters");
    for (List<Integer> cluster : clusters) {
      cluster.stream().map(matrix.names()::get).forEach(groups.addArray()::add);
    }
    return root;
  }
}
