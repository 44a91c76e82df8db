package io.fourierft.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.FourierEngine;
import io.fourierft.bulk.BulkResult;
import io.fourierft.bulk.DeltaJob;
import io.fourierft.merge.DeltaExport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code fourierft delta}: the ΔW of every module. */
@Command(
    name = "delta",
    header = "Writes the delta of every module to a safetensors file.",
    mixinStandardHelpOptions = true,
    description = {
      "The tensors are '<module>.delta', F32, [out_features, in_features]. Of many adapters: one"
          + " file",
      "each."
    },
    footerHeading = Main.EXAMPLES,
    footer = {
      "  fourierft delta --base examples/tiny-llama --adapter examples/adapters/poet \\",
      "      --out target/poet-deltas.safetensors"
    })
final class DeltaCommand implements Callable<Integer> {
  @Option(
      names = "--base",
      required = true,
      paramLabel = "DIR|FILE",
      description = "base model, read for its names and shapes alone")
  private Path base;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE|FOLDER",
      description = "safetensors file to write; of many adapters, the folder for their files")
  private Path out;

  @Option(names = "--overwrite", description = "replace files that exist")
  private boolean overwrite;

  @Mixin private AdaptersMixin adapters;

  @Mixin private BulkMixin bulk;

  @Mixin private ResolveMixin resolve;

  @Mixin private ReportMixin report;

  @Mixin private EngineMixin engine;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    adapters.require();
    if (adapters.areMany()) {
      return many();
    }
    String needless = bulk.given();
    if (needless != null) {
      throw new ParameterException(
          spec.commandLine(), needless + " is for many adapters; give them by --adapters");
    }
    one(adapters.named().getFirst());
    return 0;
  }

  private int many() throws IOException {
    BulkResult result;
    try (DeltaJob job =
            DeltaJob.plan(base, adapters.sets(), out, resolve.options(), bulk.options(overwrite));
        FourierEngine opened = engine.open();
        ProgressDisplay progress = new ProgressDisplay(spec.name(), !report.isJson())) {
      result = job.run(opened, bulk.listener(report, progress));
    }
    bulk.print(report, result, "deltas");
    return BulkMixin.exitCode(result.outcomes());
  }

  private void one(Path adapter) throws IOException {
    try (FourierEngine opened = engine.open();
        ProgressDisplay progress = new ProgressDisplay(spec.name(), !report.isJson())) {
      DeltaExport.DeltaResult result =
          DeltaExport.write(opened, base, adapter, out, overwrite, resolve.options(), progress);
      if (report.isJson()) {
        ObjectNode root = Json.object();
        root.put("command", spec.name());
        root.put("device", opened.name());
        root.put("output", result.output().toString());
        root.put("size", result.sizeInBytes());
        result.tensors().forEach(root.putArray("tensors")::add);
        result.notes().stream().map(OptionNames::asFlags).forEach(root.putArray("notes")::add);
        report.print(root);
      } else {
        report.printNotes(result.notes());
        report
            .out()
            .println(
                "wrote %d deltas to %s (%s)"
                    .formatted(
                        result.tensors().size(),
                        result.output(),
                        ByteSize.readable(result.sizeInBytes())));
      }
    }
  }
}
