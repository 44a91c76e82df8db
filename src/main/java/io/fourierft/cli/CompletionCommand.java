package io.fourierft.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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
    footer = {
      "  fourierft generate-completion",
      "  fourierft generate-completion --out target/completion/fourierft"
    })
final class CompletionCommand implements Callable<Integer> {
  @Option(names = "--out", paramLabel = "FILE", description = "write it to a file instead")
  private @Nullable Path out;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    String script = AutoComplete.bash(spec.root().name(), spec.root().commandLine()) + "\n";
    PrintWriter printer = spec.commandLine().getOut();
    if (out == null) {
      printer.print(script);
    } else {
      Files.createDirectories(out.toAbsolutePath().getParent());
      Files.writeString(out, script, StandardCharsets.UTF_8);
      printer.println("wrote " + out);
    }
    return 0;
  }
}
