package io.fourierft.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * The manual page of a command in the macros of man(7), from the same model as its help. (picocli's
 * own generator writes AsciiDoc, which takes a Ruby program more to become a manual page.)
 */
final class ManPage {
  private final StringBuilder text = new StringBuilder();

  private ManPage() {}

  /** The page's name, without its section. */
  static String name(CommandSpec command) {
    return command.qualifiedName("-");
  }

  /** The whole page. */
  static String of(CommandSpec command) {
    ManPage page = new ManPage();
    page.write(command);
    return page.text.toString();
  }

  private void write(CommandSpec command) {
    String name = name(command);
    line(
        ".TH \"%s\" \"1\" \"\" \"fourierft %s\" \"fourierft\""
            .formatted(name.toUpperCase(Locale.ROOT), BuildVersion.number()));
    section("NAME");
    line(escape(name) + " \\- " + escape(sentence(command)));
    section("SYNOPSIS");
    // The help's own words, without its line breaks.
    String synopsis = command.commandLine().getHelp().synopsis(0);
    line(escape(plain(synopsis).strip().replaceAll("\\s+", " ")));
    section("DESCRIPTION");
    paragraphs(List.of(command.usageMessage().description()));
    if (!command.positionalParameters().isEmpty() || !command.options().isEmpty()) {
      section("OPTIONS");
      command.positionalParameters().forEach(this::argument);
      command.options().stream().filter(option -> !option.hidden()).forEach(this::argument);
    }
    writeCommands(command);
    if (command.usageMessage().footerHeading().equals(Main.EXAMPLES)) {
      section("EXAMPLES");
      line(".nf");
      for (String example : command.usageMessage().footer()) {
        line(escape(example.strip().startsWith("--") ? "    " + example.strip() : example.strip()));
      }
      line(".fi");
    }
    section("EXIT STATUS");
    line("0 success, 1 failure, 2 wrong usage.");
  }

  private void writeCommands(CommandSpec command) {
    List<CommandSpec> listed =
        command.subcommands().values().stream()
            .map(CommandLine::getCommandSpec)
            .filter(sub -> !sub.usageMessage().hidden())
            .toList();
    if (!listed.isEmpty()) {
      section("COMMANDS");
      for (CommandSpec sub : listed) {
        line(".TP");
        line(".B " + escape(sub.name()));
        line(escape(sentence(sub)) + " See " + escape(name(sub)) + "(1).");
      }
    }
  }

  private void argument(ArgSpec argument) {
    line(".TP");
    String label = argument.arity().max() == 0 ? "" : argument.paramLabel();
    switch (argument) {
      case OptionSpec option -> {
        String names =
            List.of(option.names()).stream()
                .map(name -> "\\fB" + escape(option.negatable() ? negatable(name) : name) + "\\fR")
                .collect(Collectors.joining(", "));
        line(names + (label.isEmpty() ? "" : "=\\fI" + escape(label) + "\\fR"));
      }
      case PositionalParamSpec positional -> line("\\fI" + escape(label) + "\\fR");
      default -> throw new IllegalStateException(argument.toString());
    }
    paragraphs(List.of(argument.description()));
  }

  private static String negatable(String name) {
    return name.replaceFirst("^--", "--[no-]");
  }

  /** What a command does, in one sentence. */
  private static String sentence(CommandSpec command) {
    return String.join(" ", command.usageMessage().header());
  }

  private void section(String title) {
    line(".SH \"" + title + "\"");
  }

  /** Lines run on until an empty one. */
  private void paragraphs(List<String> lines) {
    List<String> kept = new ArrayList<>(lines);
    for (String each : kept) {
      String words = plain(each.formatted());
      if (words.isBlank()) {
        line(".PP");
      } else if (words.startsWith(" ")) {
        line(".nf");
        line(escape(words));
        line(".fi");
      } else {
        line(escape(words));
      }
    }
  }

  private void line(String words) {
    text.append(words).append('\n');
  }

  private static String plain(String words) {
    return Ansi.OFF.string(words);
  }

  /** A line that begins with a dot or an apostrophe would be a macro; a bare dash, a hyphen. */
  private static String escape(String words) {
    String escaped = words.replace("\\", "\\e").replace("-", "\\-");
    return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
  }
}
