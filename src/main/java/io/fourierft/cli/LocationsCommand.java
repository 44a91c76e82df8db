package io.fourierft.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.FourierException;
import io.fourierft.SpectralLocations;
import java.io.PrintWriter;
import java.math.BigInteger;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code fourierft locations}: where the coefficients of an adapter stand. */
@Command(
    name = "locations",
    header = "Prints where PEFT puts the coefficients of a spectrum.",
    mixinStandardHelpOptions = true,
    description = {
      "One line for each place, row column: those that PEFT draws with torch.randperm for the same",
      "sizes and seed."
    },
    footerHeading = Main.EXAMPLES,
    footer = {"  fourierft locations --rows 4096 --cols 4096 --n-frequency 1000 --seed 777"})
final class LocationsCommand implements Callable<Integer> {
  @Option(names = "--rows", required = true, paramLabel = "M", description = "out_features")
  private int rows;

  @Option(names = "--cols", required = true, paramLabel = "N", description = "in_features")
  private int cols;

  @Option(
      names = "--n-frequency",
      required = true,
      paramLabel = "n",
      description = "number of coefficients, 1 to M*N")
  private int nFrequency;

  @Option(
      names = "--seed",
      required = true,
      paramLabel = "S",
      description = "random_loc_seed, -2^63 to 2^64-1")
  private BigInteger seed = BigInteger.ZERO;

  @Mixin private RandpermMixin places;

  @Mixin private ReportMixin report;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    SpectralLocations locations = locations();
    if (report.isJson()) {
      ObjectNode root = Json.object();
      root.put("command", spec.name());
      root.put("rows", rows).put("cols", cols).put("seed", seed);
      ArrayNode row = root.putArray("row");
      ArrayNode col = root.putArray("col");
      for (int k = 0; k < locations.nFrequency(); k++) {
        row.add(locations.row(k));
        col.add(locations.col(k));
      }
      report.print(root);
    } else {
      PrintWriter out = report.out();
      for (int k = 0; k < locations.nFrequency(); k++) {
        out.print(locations.row(k));
        out.print(' ');
        out.println(locations.col(k));
      }
    }
    return 0;
  }

  private SpectralLocations locations() {
    try {
      return SpectralLocations.of(
          rows, cols, nFrequency, SpectralLocations.seedBits(seed), places.randperm());
    } catch (FourierException e) {
      // Nothing but the options can be wrong.
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }
}
