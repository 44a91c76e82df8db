package io.fourierft.cli;

import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.HelpCommand;

/**
 * The commands by name. picocli reads what a command takes from its annotations, in a fresh process
 * the larger part of a start; so of a command line that names its command only that one is read.
 */
final class Commands {
  /** In the order in which help lists them. */
  private static final Map<String, Class<?>> BY_NAME = byName();

  private Commands() {}

  private static Map<String, Class<?>> byName() {
    Map<String, Class<?>> commands = new LinkedHashMap<>();
    commands.put("merge", MergeCommand.class);
    commands.put("unmerge", UnmergeCommand.class);
    commands.put("delta", DeltaCommand.class);
    commands.put("to-lora", ToLoraCommand.class);
    commands.put("locations", LocationsCommand.class);
    commands.put("inspect", InspectCommand.class);
    commands.put("similarity", SimilarityCommand.class);
    commands.put("train-demo", TrainDemoCommand.class);
    commands.put("doctor", DoctorCommand.class);
    commands.put("generate-completion", CompletionCommand.class);
    commands.put("generate-man-page", ManPageCommand.class);
    commands.put("help", HelpCommand.class);
    return commands;
  }

  /** The whole command line, which has run nothing yet. */
  static CommandLine all() {
    return with(BY_NAME.values());
  }

  /** As much of it as these arguments can need. */
  static CommandLine of(String... arguments) {
    Class<?> command = arguments.length == 0 ? null : BY_NAME.get(arguments[0]);
    return command == null || speaksOfAll(command) ? all() : with(List.of(command));
  }

  private static boolean speaksOfAll(Class<?> command) {
    return command == HelpCommand.class
        || command == CompletionCommand.class
        || command == ManPageCommand.class;
  }

  private static CommandLine with(Collection<Class<?>> commands) {
    CommandLine root = new CommandLine(new Main());
    commands.forEach(root::addSubcommand);
    return root.setCaseInsensitiveEnumValuesAllowed(true)
        .setAbbreviatedOptionsAllowed(false)
        .registerConverter(Path.class, FileArguments::path)
        .setUsageHelpAutoWidth(false)
        .setUsageHelpWidth(100);
  }
}
