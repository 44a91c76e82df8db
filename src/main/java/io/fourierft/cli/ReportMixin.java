package io.fourierft.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The option that says in which form a command reports, and where its reports go. */
final class ReportMixin {
  @Option(
      names = "--json",
      description = "print one JSON object; of a command over many adapters, one a line for each")
  private boolean json;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /** Whether the report is one JSON object and nothing else. */
  boolean isJson() {
    return json;
  }

  /** Where results go. */
  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** Prints the object that is the whole report. */
  void print(ObjectNode report) {
    out().println(Json.text(report));
  }

  /** Prints one of many objects, at once, in a line of its own. */
  void printLine(ObjectNode record) {
    out().println(Json.line(record));
    out().flush();
  }

  /** Prints what a reader of the text should know besides the result. */
  void printNotes(List<String> notes) {
    notes.forEach(
        note -> spec.commandLine().getErr().println("note: " + OptionNames.asFlags(note)));
  }
}
