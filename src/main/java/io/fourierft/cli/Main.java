package io.fourierft.cli;

import io.fourierft.FourierException;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Entry point of the command line. Exit codes: 0 success, 1 failure, 2 wrong usage. Results go to
 * standard output, everything else to standard error.
 */
@Command(
    name = "fourierft",
    header = "Works with FourierFT adapters as HuggingFace PEFT writes them.",
    description = "Merges them into base models, takes them out again, shows what they hold.",
    mixinStandardHelpOptions = true,
    versionProvider = BuildVersion.class,
    footer = {
      "",
      "fourierft COMMAND --help shows a command's options and examples.",
      "Exit codes: 0 success, 1 failure, 2 wrong usage."
    })
public final class Main {
  static final int FAILURE = 1;
  static final int USAGE = 2;

  /** What stands above the examples of each command. */
  static final String EXAMPLES = "%nExamples:%n";

  /** Made by picocli or by {@link #run}. */
  Main() {}

  /** Runs the command line and ends the process with its exit code. */
  public static void main(String[] arguments) {
    start(() -> {}, arguments);
  }

  /**
   * The same. What only spoke of itself has started nothing that an end could leave behind, and
   * returns: to end a process Java first starts its log.
   *
   * @param beforeWork what must have happened before a command computes
   */
  static void start(Runnable beforeWork, String... arguments) {
    AtomicBoolean worked = new AtomicBoolean();
    Runnable noted =
        () -> {
          worked.set(true);
          beforeWork.run();
        };
    int code = run(new StandardOutput(), System.err, noted, arguments);
    if (code != 0 || worked.get()) {
      System.exit(code);
    }
  }

  /** Runs the command line of a process and gives its exit code. */
  static int run(
      StandardOutput output, PrintStream error, Runnable beforeWork, String... arguments) {
    // What is printed is English, and its numbers are read by programs: no other digits.
    Locale.setDefault(Locale.ROOT);
    PrintWriter out = new PrintWriter(new OutputStreamWriter(output, StandardCharsets.UTF_8));
    PrintWriter err = new PrintWriter(error, true, StandardCharsets.UTF_8);
    Runnable prepared =
        () -> {
          CommandLog.install(err);
          beforeWork.run();
        };
    int code = run(out, err, prepared, FileArguments.exact(arguments));
    Optional<String> failure = output.failure();
    if (failure.isPresent() && code == 0) {
      err.println("fourierft: standard output cannot be written: " + failure.get());
      return FAILURE;
    }
    return code;
  }

  /** Runs one command line in this process and gives its exit code. */
  public static int run(PrintWriter out, PrintWriter err, String... arguments) {
    return run(out, err, () -> {}, arguments);
  }

  /**
   * The same.
   *
   * @param beforeWork what a command that is more than help or version needs first
   */
  private static int run(
      PrintWriter out, PrintWriter err, Runnable beforeWork, String... arguments) {
    // What scripts ask most, and needs no parser, whose making is most of such a start.
    if (arguments.length == 1 && (arguments[0].equals("--version") || arguments[0].equals("-V"))) {
      out.println("fourierft " + BuildVersion.number());
      out.flush();
      return 0;
    }
    CommandLine command =
        Commands.of(arguments)
            .setOut(out)
            .setErr(err)
            .setExecutionStrategy(parsed -> execute(parsed, beforeWork))
            .setParameterExceptionHandler(Main::usageError)
            .setExecutionExceptionHandler(Main::failure);
    int code;
    try {
      code = command.execute(arguments);
    } catch (Error error) {
      code = failure(error, command);
    }
    out.flush();
    err.flush();
    return code;
  }

  private static int execute(ParseResult parsed, Runnable beforeWork) {
    Integer helped = CommandLine.executeHelpRequest(parsed);
    if (helped != null) {
      return helped;
    }
    beforeWork.run();
    return new CommandLine.RunLast().execute(parsed);
  }

  private static int usageError(ParameterException first, String[] arguments) {
    ParameterException error =
        first instanceof MissingParameterException ? unknown(arguments).orElse(first) : first;
    CommandLine command = error.getCommandLine();
    PrintWriter err = first.getCommandLine().getErr();
    err.println("fourierft: " + error.getMessage());
    UnmatchedArgumentException.printSuggestions(error, err);
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return USAGE;
  }

  /** An argument that no command knows: it tells more than the options that it left missing. */
  private static Optional<ParameterException> unknown(String[] arguments) {
    CommandLine lenient = Commands.of(arguments);
    collectErrors(lenient);
    ParseResult result = lenient.parseArgs(arguments);
    while (result.hasSubcommand()) {
      result = result.subcommand();
    }
    return result.errors().stream()
        .filter(UnmatchedArgumentException.class::isInstance)
        .map(ParameterException.class::cast)
        .findFirst();
  }

  private static void collectErrors(CommandLine command) {
    command.getCommandSpec().parser().collectErrors(true);
    command.getSubcommands().values().forEach(Main::collectErrors);
  }

  private static int failure(Exception error, CommandLine command, ParseResult parsed) {
    return failure(error, command);
  }

  private static int failure(Throwable error, CommandLine command) {
    PrintWriter err = command.getErr();
    command.getOut().flush();
    err.println("fourierft: " + (isEnding() ? "stopped" : describe(error)));
    boolean foreseen =
        error instanceof FourierException || error instanceof IOException || error instanceof Error;
    if (!foreseen || Boolean.getBoolean("fourierft.trace")) {
      error.printStackTrace(err);
    }
    return FAILURE;
  }

  /** Whether the process was told to end: what fails then, fails because its files are gone. */
  private static boolean isEnding() {
    Thread probe = new Thread(() -> {});
    try {
      Runtime.getRuntime().addShutdownHook(probe);
      Runtime.getRuntime().removeShutdownHook(probe);
      return false;
    } catch (IllegalStateException ending) {
      return true;
    }
  }

  /** What a failure is, for the user of the program. */
  static String describe(Throwable error) {
    return switch (error) {
      case UncheckedIOException wrapped when wrapped.getCause() != null ->
          describe(wrapped.getCause());
      case NoSuchFileException missing ->
          missing.getFile()
              + ": "
              + (missing.getReason() == null ? "no such file or folder" : missing.getReason());
      case AccessDeniedException denied -> denied.getFile() + ": permission denied";
      case FileAlreadyExistsException there -> there.getFile() + ": exists already";
      case NotDirectoryException file -> file.getFile() + ": is not a folder";
      case DirectoryNotEmptyException full -> full.getFile() + ": is a folder that is not empty";
      case FileSystemException other when other.getReason() != null ->
          "%s: %s".formatted(other.getFile(), other.getReason());
      case FourierException ours -> OptionNames.asFlags(String.valueOf(ours.getMessage()));
      case IOException io -> "input or output failed: " + io.getMessage();
      case OutOfMemoryError memory when String.valueOf(memory.getMessage()).contains("thread") ->
          "the system allows no more threads; give --threads a smaller number";
      case OutOfMemoryError memory ->
          "out of memory (%s); allow more, as in FOURIERFT_JAVA_OPTS=-Xmx8g, or use fewer --threads"
              .formatted(memory.getMessage());
      default -> "internal error, please report it: " + error;
    };
  }
}
