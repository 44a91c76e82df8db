package io.fourierft.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.bulk.BulkListener;
import io.fourierft.bulk.BulkOptions;
import io.fourierft.bulk.BulkOutcome;
import io.fourierft.bulk.BulkOutcome.Status;
import io.fourierft.bulk.BulkResult;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of a command over many adapters, and how it reports: one line an adapter. */
final class BulkMixin {
  @Option(
      names = "--resume",
      description =
          "of many adapters: pass over outputs that an earlier run wrote from the same inputs")
  private boolean resume;

  @Option(
      names = "--keep-going",
      description = "of many adapters: go on when one fails, and report it at the end (exit 1)")
  private boolean keepGoing;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description =
          "of many adapters: hold at most this of results to be written (default: 512MiB)")
  private @Nullable Long memory;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  BulkOptions options(boolean overwrite) {
    BulkOptions options =
        BulkOptions.defaults().withOverwrite(overwrite).withResume(resume).withKeepGoing(keepGoing);
    return memory == null ? options : options.withMemoryInBytes(memory);
  }

  /** One of the options that only a job over many adapters takes, if one was given. */
  @Nullable String given() {
    return resume ? "--resume" : keepGoing ? "--keep-going" : memory != null ? "--memory" : null;
  }

  /** Prints each outcome as a line of JSON when it is settled, or moves the progress bar. */
  BulkListener listener(ReportMixin report, ProgressDisplay progress) {
    return new BulkListener() {
      @Override
      public void finished(BulkOutcome outcome, int done, int total) {
        print(report, outcome);
      }

      @Override
      public void progressed(long bytesDone, long bytesTotal) {
        progress.progressed(bytesDone, bytesTotal, "");
      }
    };
  }

  /** Prints an outcome as a line of JSON, where that is asked for. */
  void print(ReportMixin report, BulkOutcome outcome) {
    if (report.isJson()) {
      report.printLine(asJson(outcome));
    }
  }

  private ObjectNode asJson(BulkOutcome outcome) {
    ObjectNode node = Json.object();
    node.put("command", spec.commandLine().getCommandName());
    node.put("name", outcome.name());
    node.put("status", word(outcome.status()));
    node.put("output", outcome.output().toString());
    node.put("tensors", outcome.tensors());
    node.put("size", outcome.sizeInBytes());
    outcome.notes().stream().map(OptionNames::asFlags).forEach(node.putArray("notes")::add);
    if (outcome.failure() != null) {
      node.put("error", Main.describe(outcome.failure()));
    }
    return node;
  }

  /** Prints what a reader of text wants to know at the end. */
  void print(ReportMixin report, BulkResult result, String tensors) {
    if (!report.isJson()) {
      PrintWriter out = report.out();
      Table table = new Table(2, "adapter", "status", tensors, "size");
      for (BulkOutcome outcome : result.outcomes()) {
        boolean written = outcome.status() == Status.WRITTEN;
        table.add(
            outcome.name(),
            word(outcome.status()),
            written ? Integer.toString(outcome.tensors()) : "-",
            written ? ByteSize.readable(outcome.sizeInBytes()) : "-");
        report.printNotes(
            outcome.notes().stream().map(note -> outcome.name() + ": " + note).toList());
      }
      table.print(out);
      out.println(
          "%d written (%s), %d skipped, %d failed"
              .formatted(
                  result.with(Status.WRITTEN).size(),
                  ByteSize.readable(result.sizeInBytes()),
                  result.with(Status.SKIPPED).size(),
                  result.with(Status.FAILED).size()));
      out.flush();
    }
    for (BulkOutcome outcome : result.with(Status.FAILED)) {
      complain(outcome.name(), outcome.failure());
    }
  }

  /** Says on standard error what is wrong with an adapter. */
  void complain(String name, @Nullable Exception failure) {
    spec.commandLine()
        .getErr()
        .println(
            "fourierft: adapter '%s': %s"
                .formatted(name, failure == null ? "failed" : Main.describe(failure)));
  }

  /** The exit code of a job. */
  static int exitCode(List<BulkOutcome> outcomes) {
    return outcomes.stream().anyMatch(outcome -> outcome.status() == Status.FAILED)
        ? Main.FAILURE
        : 0;
  }

  private static String word(Status status) {
    return status.name().toLowerCase(Locale.ROOT);
  }
}
