package io.fourierft.cli;

import io.fourierft.FourierException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ParameterException;

/**
 * Entry point of the command line. Exit codes: 0 success, 1 failure, 2 wrong usage. Results go to
 * standard output, everything else to standard error.
 */
@Command(
    name = "fourierft",
    description = {
      "Works with FourierFT adapters as HuggingFace PEFT writes them:",
      "merges them into base models, takes them out again, shows what they hold."
    },
    mixinStandardHelpOptions = true,
    versionProvider = BuildVersion.class,
    footer = {"", "Exit codes: 0 success, 1 failure, 2 wrong usage."},
    subcommands = {
      MergeCommand.class,
      UnmergeCommand.class,
      DeltaCommand.class,
      LocationsCommand.class,
      InspectCommand.class,
      TrainDemoCommand.class,
      DoctorCommand.class,
      HelpCommand.class
    })
public final class Main {
  static final int FAILURE = 1;
  static final int USAGE = 2;

  /** Made by picocli or by {@link #run}. */
  Main() {}

  /** Runs the command line and ends the process with its exit code. */
  public static void main(String[] arguments) {
    PrintWriter out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    CommandLog.install(err);
    int code = run(out, err, arguments);
    System.exit(code);
  }

  /** Runs one command line in this process and gives its exit code. */
  public static int run(PrintWriter out, PrintWriter err, String... arguments) {
    int code =
        new CommandLine(new Main())
            .setOut(out)
            .setErr(err)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setAbbreviatedOptionsAllowed(false)
            .setUsageHelpAutoWidth(false)
            .setUsageHelpWidth(100)
            .setParameterExceptionHandler(Main::usageError)
            .setExecutionExceptionHandler(Main::failure)
            .execute(arguments);
    out.flush();
    err.flush();
    // A closed pipe (as in "| head") is the reader's wish, not a failure of ours.
    return code;
  }

  private static int usageError(ParameterException error, String[] arguments) {
    CommandLine command = error.getCommandLine();
    command.getErr().println("fourierft: " + error.getMessage());
    CommandLine.UnmatchedArgumentException.printSuggestions(error, command.getErr());
    command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return USAGE;
  }

  private static int failure(Exception error, CommandLine command, CommandLine.ParseResult parsed) {
    PrintWriter err = command.getErr();
    command.getOut().flush();
    err.println("fourierft: " + describe(error));
    if (!(error instanceof FourierException || error instanceof IOException)
        || Boolean.getBoolean("fourierft.trace")) {
      error.printStackTrace(err);
    }
    return FAILURE;
  }

  private static String describe(Throwable error) {
    return switch (error) {
      case UncheckedIOException wrapped when wrapped.getCause() != null ->
          describe(wrapped.getCause());
      case NoSuchFileException missing -> missing.getFile() + ": no such file or folder";
      case AccessDeniedException denied -> denied.getFile() + ": permission denied";
      case FileAlreadyExistsException there -> there.getFile() + ": exists already";
      case FourierException ours -> String.valueOf(ours.getMessage());
      case IOException io -> "input or output failed: " + io.getMessage();
      default -> "internal error, please report it: " + error;
    };
  }
}
