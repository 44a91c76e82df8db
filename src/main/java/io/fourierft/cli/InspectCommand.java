package io.fourierft.cli;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.FourierEngine;
import io.fourierft.bulk.InspectedAdapter;
import io.fourierft.bulk.InspectionJob;
import io.fourierft.merge.AdapterInspection;
import io.fourierft.merge.AdapterInspection.Layer;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.peft.ResolvedModule;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
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

/** {@code fourierft inspect}: what an adapter holds. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    description = {
      "Shows the modules of an adapter: n, norms, and, with the base model, shapes and the norm of",
      "the delta. --plot draws |spectrum| at its places beside a heat map of the delta.",
      "Of many adapters: one line each."
    })
final class InspectCommand implements Callable<Integer> {
  @Option(
      names = "--base",
      paramLabel = "DIR|FILE",
      description = "base model, for the shapes, which an adapter does not store")
  private @Nullable Path base;

  @Option(names = "--plot", paramLabel = "FILE.png", description = "draw one module; needs --base")
  private @Nullable Path plot;

  @Option(
      names = "--module",
      paramLabel = "NAME",
      description = "the module to draw (default: that with the largest delta)")
  private @Nullable String module;

  @Option(
      names = "--keep-going",
      description = "of many adapters: go on when one fails, and report it at the end (exit 1)")
  private boolean keepGoing;

  @Mixin private AdaptersMixin adapters;

  @Mixin private ResolveMixin resolve;

  @Mixin private ReportMixin report;

  @Mixin private EngineMixin engine;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
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
    if (plot != null) {
      draw(inspection, plot);
      if (!report.isJson()) {
        report.out().println("drew " + plot);
      }
    }
    return 0;
  }

  private int many() throws IOException {
    Table table = new Table(1, "adapter", "modules", "n", "|spectrum|", "max |c|", "|dW|");
    List<InspectedAdapter> failed = new ArrayList<>();
    try (InspectionJob job = InspectionJob.plan(base, adapters.sets(), resolve.options())) {
      job.run(
          inspected -> {
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

  private void draw(AdapterInspection inspection, Path file) throws IOException {
    ResolvedModule chosen = chosen(inspection);
    try (FourierEngine opened = engine.open()) {
      PngFile.write(
          file,
          SpectrumPlot.draw(chosen.path(), chosen.adapter(), opened.deltaWeight(chosen.adapter())));
    }
  }

  private ResolvedModule chosen(AdapterInspection inspection) {
    if (module != null) {
      return inspection.layers().stream()
          .map(Layer::bound)
          .filter(bound -> bound != null && bound.path().equals(module))
          .findFirst()
          .orElseThrow(
              () ->
                  new ParameterException(
                      spec.commandLine(),
                      "the adapter has no module '"
                          + module
                          + "'; run inspect without --plot to see them"));
    }
    return inspection.layers().stream()
        .map(Layer::bound)
        .filter(bound -> bound != null)
        .max(Comparator.comparingDouble(bound -> bound.adapter().deltaNorm()))
        .orElseThrow();
  }
}
