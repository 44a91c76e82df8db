package io.fourierft.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One run of the command line in this process.
 *
 * @param code the exit code
 * @param out what it printed
 * @param err what it complained of
 */
record CommandLineRun(int code, String out, String err) {
  /** Runs with arguments of any type, by their text. */
  static CommandLineRun of(Object... arguments) {
    List<String> texts = new ArrayList<>();
    for (Object argument : arguments) {
      texts.add(argument instanceof Path path ? path.toString() : String.valueOf(argument));
    }
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Main.run(new PrintWriter(out), new PrintWriter(err), texts.toArray(String[]::new));
    return new CommandLineRun(code, out.toString(), err.toString());
  }
}
