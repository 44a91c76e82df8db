package io.fourierft.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.FourierEngine;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.bulk.BulkResult;
import io.fourierft.bulk.MergeJob;
import io.fourierft.merge.MergeOptions;
import io.fourierft.merge.MergeResult;
import io.fourierft.merge.ModelMerge;
import io.fourierft.merge.TensorChange;
import io.fourierft.merge.UntouchedFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.DoubleSummaryStatistics;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that merge and unmerge share, and what both print. */
final class MergeMixin {
  @Option(
      names = "--base",
      required = true,
      paramLabel = "DIR|FILE",
      description = "base model: a folder with model.safetensors or its index, or such a file")
  private Path base;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "folder to write; with --each, the folder for one model folder each")
  private Path out;

  @Option(
      names = "--dtype",
      defaultValue = "keep",
      paramLabel = "DTYPE",
      converter = OutputDtype.Reader.class,
      description = "format of the output's weights: ${COMPLETION-CANDIDATES} (default: keep)")
  private OutputDtype dtype;

  @Option(
      names = "--safe",
      description = "refuse the whole output if a tensor that changes comes out NaN or infinite")
  private boolean safe;

  @Option(
      names = "--check",
      description =
          "read the changed tensors back and recompute some hundred elements of each in float64"
              + " from the definition; refuse the whole output if one is wrong")
  private boolean check;

  @Option(
      names = "--dry-run",
      description = "check everything, say what would be done, write nothing")
  private boolean dryRun;

  @Option(names = "--overwrite", description = "replace an output folder that holds a model")
  private boolean overwrite;

  @Option(
      names = "--max-shard-size",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "split the weights anew into files of at most this, as in 5GB")
  private @Nullable Long maxShardSize;

  @Option(
      names = "--each",
      description =
          "make one model of each adapter, under its name in the output folder, instead of one"
              + " model of all; a line of a list with several paths is one model of these, in"
              + " order")
  private boolean each;

  @Option(
      names = "--untouched",
      defaultValue = "rewritten",
      paramLabel = "HOW",
      description =
          "weight files of the base in which nothing changes: ${COMPLETION-CANDIDATES}; a linked"
              + " file is one with the base's (default: rewritten)")
  private UntouchedFiles untouched;

  @Option(
      names = "--verify-input",
      description =
          "read the base's weight files for their SHA-256: refuse one that is not what its hub"
              + " cache names, record all in the output's metadata (base.sha256.FILE)")
  private boolean verifyInput;

  @Mixin private AdaptersMixin adapters;

  @Mixin private BulkMixin bulk;

  @Mixin private ResolveMixin resolve;

  @Mixin private ReportMixin report;

  @Mixin private EngineMixin engine;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /** Runs the merge in one direction and prints what it did. */
  int run(Addition addition) throws IOException {
    MergeOptions options =
        MergeOptions.defaults()
            .withAddition(addition)
            .withDtype(dtype.elementType())
            .withSafe(safe)
            .withCheck(check)
            .withOverwrite(overwrite)
            .withMaxShardSizeInBytes(maxShardSize)
            .withResolve(resolve.options())
            .withUntouched(untouched)
            .withVerifyInput(verifyInput);
    adapters.require();
    return each ? runEach(options) : runOne(options, addition);
  }

  private int runOne(MergeOptions options, Addition addition) throws IOException {
    requireOne();
    MergeResult result;
    String device = "none";
    if (dryRun) {
      result = ModelMerge.plan(base, adapters.named(), out, options);
    } else {
      try (FourierEngine opened = engine.open();
          ProgressDisplay progress = new ProgressDisplay(spec.name(), !report.isJson())) {
        device = opened.name();
        result = ModelMerge.run(opened, base, adapters.named(), out, options, progress);
      }
    }
    if (report.isJson()) {
      report.print(asJson(result, device));
    } else {
      report.printNotes(result.notes());
      print(report.out(), result, addition, device);
    }
    return 0;
  }

  /** A folder says nothing of an order, and the sum depends on it. */
  private void requireOne() {
    String needless = bulk.given();
    if (adapters.areListed() || needless != null) {
      throw new ParameterException(
          spec.commandLine(),
          adapters.areListed()
              ? "--adapters needs --each, one model of each adapter; to merge several into one"
                  + " model, name them by --adapter in the order in which they are added"
              : needless + " needs --each");
    }
  }

  private int runEach(MergeOptions options) throws IOException {
    BulkResult result;
    try (MergeJob job =
        MergeJob.plan(base, adapters.sets(), out, options, bulk.options(overwrite))) {
      if (dryRun) {
        result = new BulkResult(job.planned(), false);
        result.outcomes().forEach(outcome -> bulk.print(report, outcome));
      } else {
        try (FourierEngine opened = engine.open();
            ProgressDisplay progress = new ProgressDisplay(spec.name(), !report.isJson())) {
          result = job.run(opened, bulk.listener(report, progress));
        }
      }
    }
    bulk.print(report, result, "changes");
    if (dryRun && !report.isJson()) {
      report.out().println("nothing was written: this was a dry run");
    }
    return BulkMixin.exitCode(result.outcomes());
  }

  private void print(PrintWriter printer, MergeResult result, Addition addition, String device) {
    String verb = addition == Addition.ADD ? "merged into" : "taken out of";
    if (dryRun) {
      Table table = new Table(3, "tensor", "adapter", "change", "n");
      for (MergeResult.PlannedEdit edit : result.edits()) {
        table.add(edit.tensor(), edit.adapter(), word(edit.kind()), count(edit.nFrequency()));
      }
      table.print(printer);
      printer.println(
          "%d changes would be %s %s; %s in %d file(s), nothing was written"
              .formatted(
                  result.edits().size(),
                  verb,
                  base,
                  ByteSize.readable(result.totalSizeInBytes()),
                  result.files().size()));
      return;
    }
    Table table = new Table(2, "tensor", "adapter", "|dW|/|W|", "rounding max", "rounding mean");
    for (TensorChange change : result.changes()) {
      table.add(
          change.tensor(),
          change.adapter(),
          Table.scientific(change.report().relativeChange()),
          Table.scientific(change.report().maxRoundingError()),
          Table.scientific(change.report().meanRoundingError()));
    }
    table.print(printer);
    long replaced =
        result.edits().stream()
            .filter(edit -> edit.kind() == MergeResult.EditKind.REPLACED)
            .count();
    DoubleSummaryStatistics rounding =
        result.changes().stream()
            .mapToDouble(change -> change.report().maxRoundingError())
            .summaryStatistics();
    printer.println(
        "%d weights %s %s on %s, %d replaced, %d tensors untouched; largest rounding error %s"
            .formatted(
                result.changes().size(),
                verb,
                base,
                device,
                replaced,
                result.untouchedTensors(),
                Table.scientific(rounding.getCount() == 0 ? 0 : rounding.getMax())));
    result
        .check()
        .ifPresent(
            found ->
                printer.println(
                    ("checked %d elements of %d tensors, read back, against the definition: at"
                            + " most %.2f units of the format away%s")
                        .formatted(
                            found.elements(),
                            found.tensors(),
                            found.worstUnits(),
                            found.worstTensor().isEmpty() ? "" : ", in " + found.worstTensor())));
    printer.println(
        "wrote %s (%s in %d file(s))"
            .formatted(
                result.output(),
                ByteSize.readable(result.totalSizeInBytes()),
                result.files().size()));
  }

  private ObjectNode asJson(MergeResult result, String device) {
    ObjectNode root = Json.object();
    root.put("command", spec.name());
    root.put("dry_run", dryRun);
    root.put("device", device);
    root.put("output", result.output().toString());
    root.put("total_size", result.totalSizeInBytes());
    root.put("untouched_tensors", result.untouchedTensors());
    result.files().forEach(root.putArray("files")::add);
    result.notes().stream().map(OptionNames::asFlags).forEach(root.putArray("notes")::add);
    result
        .check()
        .ifPresent(
            found ->
                root.putObject("check")
                    .put("tensors", found.tensors())
                    .put("elements", found.elements())
                    .put("worst_units", found.worstUnits())
                    .put("worst_tensor", found.worstTensor()));
    ArrayNode edits = root.putArray("edits");
    for (MergeResult.PlannedEdit edit : result.edits()) {
      edits
          .addObject()
          .put("tensor", edit.tensor())
          .put("adapter", edit.adapter())
          .put("kind", word(edit.kind()))
          .put("n_frequency", edit.nFrequency());
    }
    ArrayNode changes = root.putArray("changes");
    for (TensorChange change : result.changes()) {
      changes
          .addObject()
          .put("tensor", change.tensor())
          .put("adapter", change.adapter())
          .put("delta_norm", change.report().deltaNorm())
          .put("weight_norm", change.report().weightNorm())
          .put("relative_change", change.report().relativeChange())
          .put("max_rounding_error", change.report().maxRoundingError())
          .put("mean_rounding_error", change.report().meanRoundingError())
          .put("non_finite", change.report().nonFinite());
    }
    return root;
  }

  private static String word(MergeResult.EditKind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  private static String count(int n) {
    return n == 0 ? "-" : Integer.toString(n);
  }
}
