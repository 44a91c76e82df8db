package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** A start reads the command that it runs; what speaks of all commands has all. */
class CommandsTest {
  @Test
  void eachCommandIsFoundByItsOwnName() {
    List<String> names = new ArrayList<>(Commands.all().getSubcommands().keySet());
    assertEquals(
        List.of(
            "merge",
            "unmerge",
            "delta",
            "to-lora",
            "locations",
            "inspect",
            "similarity",
            "train-demo",
            "doctor",
            "generate-completion",
            "generate-man-page",
            "help"),
        names);
    for (String name : names) {
      assertTrue(Commands.of(name, "--any").getSubcommands().containsKey(name), name);
    }
  }

  @Test
  void aNamedCommandComesAloneAndIsTheSame() {
    CommandLine all = Commands.all();
    for (String name : List.of("merge", "unmerge", "delta", "to-lora", "inspect", "doctor")) {
      CommandLine alone = Commands.of(name);
      assertEquals(Set.of(name), alone.getSubcommands().keySet());
      assertEquals(
          all.getSubcommands().get(name).getUsageMessage(),
          alone.getSubcommands().get(name).getUsageMessage());
    }
  }

  @Test
  void whatSpeaksOfAllHasAll() {
    Set<String> names = Commands.all().getSubcommands().keySet();
    for (String first :
        List.of(
            "--help", "--version", "help", "generate-completion", "generate-man-page", "mrge")) {
      assertEquals(names, Commands.of(first, "merge").getSubcommands().keySet(), first);
    }
    assertEquals(names, Commands.of().getSubcommands().keySet());
    CommandLineRun mistyped = CommandLineRun.of("mrge");
    assertEquals(2, mistyped.code());
    assertTrue(mistyped.err().contains("merge"), mistyped.err());
  }
}
