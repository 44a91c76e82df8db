package io.fourierft.cli;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.FourierEngine;
import io.fourierft.bulk.AdapterSet;
import io.fourierft.bulk.InspectedAdapter;
import io.fourierft.bulk.InspectionJob;
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
import java.util.concurrent.atomic.AtomicInteger;
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
      "module at its places beside a heat map of its delta. Of many adapters: one line each."
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
  @Parameters(
      arity = "0..*",
      paramLabel = "DIR",
      description = "adapter as PEFT saves it, as --adapter names it")
  private List<Path> folders = List.of();

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

  @Option(
      names = "--keep-going",
      description = "of many adapters: go on when one fails, and report it at the end (exit 1)")
  private boolean keepGoing;

  @Mixin private AdaptersMixin adapters;

  @Mixin private ThemeMixin theme;

  @Mixin private ResolveMixin resolve;

  @Mixin private ReportMixin report;

  @Mixin private EngineMixin engine;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    adapters.add(folders);
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
    adapters.require();
    if (adapters.areMany()) {
      if (plot != null || module != null) {
        throw new ParameterException(
            spec.commandLine(), "--plot and --module are for one adapter; give it by --adapter");
      }
      return many();
    }
    if (keepGoing) {
      throw new ParameterException(
          spec.commandLine(), "--keep-going is for many adapters; give them by --adapters");
    }
    if (plot != null) {
      PngFile.requireFree(plot);
    }
    Path adapter = adapters.named().getFirst();
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

  private int many() throws IOException {
    Table table = new Table(1, "adapter", "modules", "n", "|spectrum|", "max |c|", "|dW|");
    List<InspectedAdapter> failed = new ArrayList<>();
    List<AdapterSet> sets = adapters.sets();
    AtomicInteger done = new AtomicInteger();
    try (InspectionJob job = InspectionJob.plan(base, sets, resolve.options());
        ProgressDisplay progress = ProgressDisplay.ofAdapters(spec.name(), !report.isJson())) {
      progress.progressed(0, sets.size(), "");
      job.run(
          inspected -> {
            progress.progressed(done.incrementAndGet(), sets.size(), inspected.name());
            if (report.isJson()) {
              report.printLine(asJson(inspected));
            }
            if (inspected.inspection() != null) {
              add(table, inspected, inspected.inspection());
            } else {
              failed.add(inspected);
              if (!keepGoing) {
                job.cancel();
              }
            }
          });
    }
    if (!report.isJson()) {
      table.print(report.out());
      report.out().flush();
    }
    for (InspectedAdapter inspected : failed) {
      spec.commandLine()
          .getErr()
          .println(
              "fourierft: adapter '%s': %s"
                  .formatted(inspected.name(), Main.describe(requireNonNull(inspected.failure()))));
    }
    return failed.isEmpty() ? 0 : Main.FAILURE;
  }

  private void add(Table table, InspectedAdapter inspected, AdapterInspection inspection) {
    double squares = 0;
    double largest = 0;
    for (Layer layer : inspection.layers()) {
      squares += layer.spectrumNorm() * layer.spectrumNorm();
      largest = Math.max(largest, layer.largestCoefficient());
    }
    table.add(
        inspected.name(),
        Integer.toString(inspection.layers().size()),
        Long.toString(inspection.layers().stream().mapToLong(Layer::nFrequency).sum()),
        Table.scientific(Math.sqrt(squares)),
        Table.scientific(largest),
        base == null ? "-" : Table.scientific(inspected.deltaNorm()));
    report.printNotes(
        inspection.notes().stream().map(note -> inspected.name() + ": " + note).toList());
  }

  private ObjectNode asJson(InspectedAdapter inspected) {
    if (inspected.inspection() == null) {
      return Json.object()
          .put("command", spec.name())
          .put("name", inspected.name())
          .put("adapter", inspected.adapter().toString())
          .put("error", Main.describe(requireNonNull(inspected.failure())));
    }
    ObjectNode node = asJson(inspected.adapter(), inspected.inspection());
    node.put("name", inspected.name());
    if (base != null) {
      node.put("delta_norm", inspected.deltaNorm());
    }
    return node;
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
        node.put("weight", String.join(" + ", bound.weights()));
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
