package io.fourierft.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The table of all options, docs/cli.md. */
final class OptionTable {
  private OptionTable() {}

  static String markdown(CommandLine program) {
    StringBuilder text = new StringBuilder();
    text.append("# The command line\n\n");
    text.append(
        "Made from the program by `CommandDocumentationTest`; `fourierft COMMAND --help` has");
    text.append(
        " the same and examples. The JSON of `--json`\nis described in [schemas/](schemas)");
    text.append(
        ", a file for each command; `unmerge` prints what `merge` does. Every command has\n");
    text.append("`--help` and `--version`. Exit codes: 0 success, 1 failure, 2 wrong usage.\n\n");
    List<CommandSpec> commands = new ArrayList<>();
    for (CommandLine command : program.getSubcommands().values()) {
      CommandSpec spec = command.getCommandSpec();
      if (!spec.usageMessage().hidden() && !spec.name().equals("help")) {
        commands.add(spec);
      }
    }
    text.append("| command | what it does |\n| --- | --- |\n");
    for (CommandSpec command : commands) {
      text.append("| `fourierft ").append(command.name()).append("` | ");
      text.append(cell(String.join(" ", command.usageMessage().header()))).append(" |\n");
    }
    text.append("\n| option | of | what it says |\n| --- | --- | --- |\n");
    rows(commands)
        .forEach(
            (option, names) ->
                text.append("| ")
                    .append(option.replace("\n", " | " + String.join(", ", names) + " | "))
                    .append(" |\n"));
    return text.toString();
  }

  /** An option that several commands have, with the same words, stands there once. */
  private static Map<String, List<String>> rows(List<CommandSpec> commands) {
    Map<String, List<String>> rows = new LinkedHashMap<>();
    for (CommandSpec command : commands) {
      List<ArgSpec> arguments = new ArrayList<>(command.positionalParameters());
      command.options().stream()
          .filter(option -> !option.usageHelp() && !option.versionHelp())
          .forEach(arguments::add);
      for (ArgSpec argument : arguments) {
        String label = argument.arity().max() == 0 ? "" : argument.paramLabel();
        String name =
            argument instanceof OptionSpec option
                ? (option.negatable()
                        ? option.longestName().replaceFirst("--", "--[no-]")
                        : option.longestName())
                    + (label.isEmpty() ? "" : " " + label)
                : label;
        String words = cell(String.join(" ", argument.description()).formatted());
        String required = argument.required() ? "required; " : "";
        rows.computeIfAbsent(
                "`" + name.replace("|", "\\|") + "`\n" + required + words, key -> new ArrayList<>())
            .add(command.name());
      }
    }
    return rows;
  }

  private static String cell(String words) {
    return words.replace("|", "\\|");
  }
}
