package io.fourierft.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code fourierft generate-completion}: the script with which a shell completes commands. */
@Command(
    name = "generate-completion",
    header = "Prints the completion script for bash and zsh.",
    mixinStandardHelpOptions = true,
    description = {
      "The script completes commands, options, their values and file names, in bash and in zsh (of",
      "which it loads bashcompinit). For this session, or in a start-up file of the shell:",
      "  source <(fourierft generate-completion)"
    },
    footerHeading = Main.EXAMPLES,
    footer = "  fourierft generate-completion")
final class CompletionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    out.print(AutoComplete.bash(spec.root().name(), spec.root().commandLine()));
    out.println();
    return 0;
  }
}
