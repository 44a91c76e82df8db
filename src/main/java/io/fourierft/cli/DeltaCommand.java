package io.fourierft.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.FourierEngine;
import io.fourierft.merge.DeltaExport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fourierft delta}: the ΔW of every module. */
@Command(
    name = "delta",
    header = "Writes the delta of every module to a safetensors file.",
    mixinStandardHelpOptions = true,
    description = "The tensors are '<module>.delta', F32, [out_features, in_features].",
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
      names = "--adapter",
      required = true,
      paramLabel = "DIR",
      description = "adapter as PEFT saves it")
  private Path adapter;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "safetensors file to write")
  private Path out;

  @Option(names = "--overwrite", description = "replace a file that exists")
  private boolean overwrite;

  @Mixin private ResolveMixin resolve;

  @Mixin private ReportMixin report;

  @Mixin private EngineMixin engine;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
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
    return 0;
  }
}
