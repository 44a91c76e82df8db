package io.fourierft.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.FourierException;
import io.fourierft.lora.LoraExport;
import io.fourierft.lora.LoraOptions;
import io.fourierft.lora.LoraResult;
import io.fourierft.lora.ModuleReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code fourierft to-lora}: the nearest LoRA, for programs that serve only LoRA. */
@Command(
    name = "to-lora",
    header = "Writes the nearest LoRA, for programs that serve only LoRA.",
    mixinStandardHelpOptions = true,
    description = {
      "A delta of n coefficients has a rank of up to 2n; what a LoRA of lower rank cannot hold is",
      "lost. The share of |dW|^2 that is kept is printed for every module. A random n = 1000 at",
      "4096 x 4096 keeps a quarter at rank 64: three quarters of the change are gone, and nobody",
      "knows what the model does then. Adapters keep more where few coefficients weigh most;",
      "merging loses nothing. --min-energy refuses what keeps too little."
    },
    footerHeading = Main.EXAMPLES,
    footer = {
      "  fourierft to-lora --base examples/tiny-llama --adapter examples/adapters/poet --rank 16"
          + " \\",
      "      --out target/poet-lora",
      "  fourierft to-lora --base examples/tiny-llama --adapter examples/adapters/poet --rank 64"
          + " \\",
      "      --energy 0.95 --min-energy 0.9 --out target/poet-lora-95"
    })
final class ToLoraCommand implements Callable<Integer> {
  @Option(
      names = "--base",
      required = true,
      paramLabel = "DIR|FILE",
      description = "base model, read for its names and shapes alone")
  private Path base;

  @Option(
      names = "--adapter",
      required = true,
      paramLabel = "DIR",
      description = "adapter as PEFT saves it")
  private Path adapter;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "folder to write")
  private Path out;

  @Option(
      names = "--rank",
      required = true,
      paramLabel = "R",
      description = "highest rank of a module; one whose delta has a lower rank gets that")
  private int rank;

  @Option(
      names = "--energy",
      defaultValue = "1",
      paramLabel = "SHARE",
      description =
          "give each module the lowest rank that keeps this share of its |dW|^2, as in 0.95;"
              + " --rank stays the highest")
  private double energy;

  @Option(
      names = "--min-energy",
      defaultValue = "0",
      paramLabel = "SHARE",
      description = "refuse to write if a module keeps less than this share of its |dW|^2")
  private double minEnergy;

  @Option(names = "--overwrite", description = "replace an adapter that is there")
  private boolean overwrite;

  @Mixin private ResolveMixin resolve;

  @Mixin private ReportMixin report;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    LoraOptions options = options();
    LoraResult result;
    try (ProgressDisplay progress = new ProgressDisplay(spec.name(), !report.isJson())) {
      result = LoraExport.write(base, adapter, out, options, progress);
    }
    if (report.isJson()) {
      report.print(asJson(result));
    } else {
      report.printNotes(result.notes());
      print(report.out(), result);
    }
    return 0;
  }

  private LoraOptions options() {
    try {
      return new LoraOptions(rank, energy, minEnergy, overwrite, resolve.options());
    } catch (FourierException e) {
      throw new ParameterException(
          spec.commandLine(), OptionNames.asFlags(String.valueOf(e.getMessage())), e);
    }
  }

  private static void print(PrintWriter printer, LoraResult result) {
    Table table = new Table(1, "module", "rank", "|dW|", "kept of |dW|^2", "|dW-BA|/|dW|");
    for (ModuleReport module : result.modules()) {
      table.add(
          module.module(),
          Integer.toString(module.rank()),
          Table.scientific(module.deltaNorm()),
          percent(module.keptEnergy()),
          Table.scientific(module.relativeError()));
    }
    table.print(printer);
    ModuleReport worst =
        result.modules().stream()
            .min(Comparator.comparingDouble(ModuleReport::keptEnergy))
            .orElseThrow();
    printer.println(
        "%d modules, all of them keep at least %s of |dW|^2 (the least: %s)"
            .formatted(result.modules().size(), percent(worst.keptEnergy()), worst.module()));
    printer.println(
        "wrote %s (%s)".formatted(result.output(), ByteSize.readable(result.sizeInBytes())));
  }

  /** Rounded down, so that nothing but all of it is 100 %. */
  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f %%", Math.floor(share * 10_000) / 100);
  }

  private ObjectNode asJson(LoraResult result) {
    ObjectNode root = Json.object();
    root.put("command", spec.name());
    root.put("output", result.output().toString());
    root.put("rank", result.rank());
    root.put("size", result.sizeInBytes());
    ArrayNode modules = root.putArray("modules");
    for (ModuleReport module : result.modules()) {
      modules
          .addObject()
          .put("module", module.module())
          .put("rank", module.rank())
          .put("delta_norm", module.deltaNorm())
          .put("kept_energy", module.keptEnergy())
          .put("relative_error", module.relativeError());
    }
    result.notes().stream().map(OptionNames::asFlags).forEach(root.putArray("notes")::add);
    return root;
  }
}
