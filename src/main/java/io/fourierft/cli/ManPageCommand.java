package io.fourierft.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fourierft generate-man-page}: for those who pack the program; not listed. */
@Command(
    name = "generate-man-page",
    header = "Writes the manual pages.",
    hidden = true,
    mixinStandardHelpOptions = true,
    description = "One page for the program and one for each command, as man reads them.",
    footerHeading = Main.EXAMPLES,
    footer = "  fourierft generate-man-page --out target/man")
final class ManPageCommand implements Callable<Integer> {
  @Option(names = "--out", required = true, paramLabel = "DIR", description = "folder to write to")
  private Path out;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Files.createDirectories(out);
    CommandLine root = spec.root().commandLine();
    write(root.getCommandSpec());
    for (CommandLine command : root.getSubcommands().values()) {
      if (!command.getCommandSpec().usageMessage().hidden()) {
        write(command.getCommandSpec());
      }
    }
    return 0;
  }

  private void write(CommandSpec command) throws IOException {
    String name = ManPage.name(command) + ".1";
    Files.writeString(out.resolve(name), ManPage.of(command), StandardCharsets.UTF_8);
    spec.commandLine().getOut().println("wrote " + out.resolve(name));
  }
}
