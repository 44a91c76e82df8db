package io.fourierft.cli;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.FourierEngine;
import io.fourierft.merge.AdapterInspection;
import io.fourierft.merge.AdapterInspection.Layer;
import io.fourierft.merge.WeightNorms;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.plot.ChangeChart;
import io.fourierft.plot.SpectrumPlot;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fourierft inspect}: what an adapter holds. */
@Command(
    name = "inspect",
    header = "Shows what an adapter holds; draws it.",
    mixinStandardHelpOptions = true,
    description = {
      "Shows the modules: n, norms, and, with the base model, shapes and how large the delta is",
      "beside the weight. --plot draws the change of every layer; with --module the spectrum of"
          + " that",
      "module at its places beside a heat map of its delta."
    },
    footerHeading = Main.EXAMPLES,
    footer = {
      "  fourierft inspect examples/adapters/poet",
      "  fourierft inspect examples/adapters/poet --base examples/tiny-llama --json",
      "  fourierft inspect examples/adapters/poet --base examples/tiny-llama --plot"
          + " target/poet.png",
      "  fourierft inspect examples/adapters/poet --base examples/tiny-llama \\",
      "      --plot target/query.png --module model.layers.1.self_attn.q_proj --dark"
    })
final class InspectCommand implements Callable<Integer> {
  @Parameters(arity = "0..1", paramLabel = "DIR", description = "adapter as PEFT saves it")
  private @Nullable Path folder;

  @Option(names = "--adapter", paramLabel = "DIR", description = "the same, by name")
  private @Nullable Path named;

  @Option(
      names = "--base",
      paramLabel = "DIR|FILE",
      description = "base model, for the shapes, which an adapter does not store")
  private @Nullable Path base;

  @Option(
      names = "--plot",
      paramLabel = "FILE.png",
      description = "draw |dW| / |W| of every layer, or what --module says; needs --base")
  private @Nullable Path plot;

  @Option(
      names = "--module",
      paramLabel = "NAME",
      description = "draw the spectrum of this module and its delta")
  private @Nullable String module;

  @Mixin private ThemeMixin theme;

  @Mixin private ResolveMixin resolve;

  @Mixin private ReportMixin report;

  @Mixin private EngineMixin engine;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Path adapter = adapter();
    if (module != null && plot == null) {
      throw new ParameterException(
          spec.commandLine(), "--module says what to draw; give --plot FILE.png with it");
    }
    if (plot != null && base == null) {
      throw new ParameterException(
          spec.commandLine(), "--plot needs --base, since an adapter does not store its shapes");
    }
    if (plot != null && !plot.toString().toLowerCase(Locale.ROOT).endsWith(".png")) {
      throw new ParameterException(
          spec.commandLine(), "--plot writes a PNG; give it a name that ends in .png");
    }
    if (plot != null) {
      PngFile.requireFree(plot);
    }
    ResolveOptions options = resolve.options();
    AdapterInspection inspection = AdapterInspection.open(adapter, base, options);
    if (report.isJson()) {
      report.print(asJson(adapter, inspection));
    } else {
      report.printNotes(inspection.notes());
      print(report.out(), inspection);
    }
    if (plot != null && base != null) {
      draw(inspection, base, plot);
      if (!report.isJson()) {
        report.out().println("drew " + plot);
      }
    }
    return 0;
  }

  private void print(PrintWriter printer, AdapterInspection inspection) {
    var config = inspection.config();
    printer.println(
        "n_frequency %d, scaling %s, random_loc_seed %s, %d modules, %d coefficients"
            .formatted(
                config.nFrequency(),
                config.scaling(),
                config.randomLocSeed(),
                inspection.layers().size(),
                inspection.layers().stream().mapToLong(Layer::nFrequency).sum()));
    Table table =
        new Table(2, "module", "dtype", "n", "out", "in", "|spectrum|", "max |c|", "|dW|");
    for (Layer layer : inspection.layers()) {
      ResolvedModule bound = layer.bound();
      table.add(
          layer.path(),
          layer.dtype().toString(),
          Integer.toString(layer.nFrequency()),
          bound == null ? "-" : Integer.toString(bound.adapter().rows()),
          bound == null ? "-" : Integer.toString(bound.adapter().cols()),
          Table.scientific(layer.spectrumNorm()),
          Table.scientific(layer.largestCoefficient()),
          bound == null ? "-" : Table.scientific(bound.adapter().deltaNorm()));
    }
    table.print(printer);
    for (ExtraTensor extra : inspection.extraTensors()) {
      printer.println(
          "also carries %s %s %s".formatted(extra.baseTensor(), extra.dtype(), extra.shape()));
    }
    if (base == null) {
      printer.println("give --base to see shapes and the norms of the deltas");
    }
  }

  private ObjectNode asJson(Path adapter, AdapterInspection inspection) {
    ObjectNode root = Json.object();
    root.put("command", spec.name());
    root.put("adapter", adapter.toString());
    root.put("n_frequency", inspection.config().nFrequency());
    root.put("scaling", inspection.config().scaling());
    root.put("random_loc_seed", inspection.config().randomLocSeed());
    ArrayNode modules = root.putArray("modules");
    for (Layer layer : inspection.layers()) {
      ObjectNode node = modules.addObject();
      node.put("module", layer.path());
      node.put("dtype", layer.dtype().toString());
      node.put("n_frequency", layer.nFrequency());
      node.put("spectrum_norm", layer.spectrumNorm());
      node.put("largest_coefficient", layer.largestCoefficient());
      ResolvedModule bound = layer.bound();
      if (bound != null) {
        node.put("out_features", bound.adapter().rows());
        node.put("in_features", bound.adapter().cols());
        node.put("weight", bound.weight());
        node.put("layout", bound.layout().toString());
        node.put("delta_norm", bound.adapter().deltaNorm());
      }
    }
    ArrayNode extras = root.putArray("extra_tensors");
    for (ExtraTensor extra : inspection.extraTensors()) {
      extras
          .addObject()
          .put("key", extra.key())
          .put("base_tensor", extra.baseTensor())
          .put("kind", extra.kind().toString())
          .put("dtype", extra.dtype().toString());
    }
    inspection.notes().stream().map(OptionNames::asFlags).forEach(root.putArray("notes")::add);
    return root;
  }

  private Path adapter() {
    if ((folder == null) == (named == null)) {
      throw new ParameterException(
          spec.commandLine(), "give one folder of an adapter: fourierft inspect DIR");
    }
    return folder == null ? requireNonNull(named) : folder;
  }

  private void draw(AdapterInspection inspection, Path model, Path file) throws IOException {
    List<ResolvedModule> modules = new ArrayList<>();
    inspection.layers().forEach(layer -> modules.add(requireNonNull(layer.bound())));
    if (module == null) {
      PngFile.write(file, ChangeChart.draw(changes(model, modules), theme.theme()));
      return;
    }
    ResolvedModule chosen =
        modules.stream()
            .filter(bound -> bound.path().equals(module))
            .findFirst()
            .orElseThrow(
                () ->
                    new ParameterException(
                        spec.commandLine(),
                        "the adapter has no module '%s'; run inspect without --plot to see them"
                            .formatted(module)));
    try (FourierEngine opened = engine.open()) {
      PngFile.write(
          file,
          SpectrumPlot.draw(
              chosen.path(),
              chosen.adapter(),
              opened.deltaWeight(chosen.adapter()),
              theme.theme()));
    }
  }

  private static Map<String, Double> changes(Path model, List<ResolvedModule> modules)
      throws IOException {
    Map<String, Double> norms = WeightNorms.of(model, modules);
    Map<String, Double> changes = new LinkedHashMap<>();
    for (ResolvedModule bound : modules) {
      double norm = requireNonNull(norms.get(bound.path()));
      changes.put(bound.path(), bound.adapter().deltaNorm() / norm);
    }
    return changes;
  }
}
