package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.Randperm;
import io.fourierft.lora.LoraOptions;
import io.fourierft.merge.MergeOptions;
import io.fourierft.peft.ResolveOptions;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OptionNamesTest {
  @Test
  void everyFlagIsOneOfTheMergeCommand() {
    Map<String, ?> options =
        Commands.all().getSubcommands().get("merge").getCommandSpec().optionsMap();
    List<String> named =
        List.of(
            "(overwrite)",
            "MergeOptions.dtype",
            "Randperm.LEGACY",
            "ResolveOptions.layouts",
            "ResolveOptions.renames");
    for (String name : named) {
      String flag = OptionNames.asFlags(name).replaceAll("[()]", "");
      assertTrue(options.containsKey(flag), name + " is said as " + flag);
    }
  }

  @Test
  void whatIsSaidOfALoraIsAFlagOfItsCommand() {
    Map<String, ?> options =
        Commands.all().getSubcommands().get("to-lora").getCommandSpec().optionsMap();
    for (String name : List.of("LoraOptions.rank", "LoraOptions.energy", "LoraOptions.minEnergy")) {
      String flag = OptionNames.asFlags(name);
      assertTrue(options.containsKey(flag), name + " is said as " + flag);
    }
    assertTrue(components(LoraOptions.class).containsAll(List.of("rank", "energy", "minEnergy")));
  }

  @Test
  void everyNameIsOneOfTheLibrary() {
    assertTrue(components(MergeOptions.class).contains("dtype"));
    assertTrue(components(MergeOptions.class).contains("overwrite"));
    assertTrue(components(ResolveOptions.class).containsAll(List.of("layouts", "renames")));
    assertEquals("LEGACY", Randperm.LEGACY.name());
  }

  private static List<String> components(Class<?> options) {
    return Arrays.stream(options.getRecordComponents()).map(RecordComponent::getName).toList();
  }

  /** The library's own messages speak of its interface. */
  @Test
  void noMessageOfTheLibraryNamesAFlagOfTheProgram() throws IOException {
    Path sources =
        Path.of(System.getProperty("fourierft.project.dir", "."), "src/main/java/io/fourierft");
    List<String> flags =
        Commands.all().getSubcommands().values().stream()
            .flatMap(command -> command.getCommandSpec().optionsMap().keySet().stream())
            .filter(name -> name.startsWith("--"))
            .distinct()
            .toList();
    assertTrue(flags.contains("--overwrite"), "the flags are " + flags);
    try (Stream<Path> files = Files.walk(sources)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        if (!file.startsWith(sources.resolve("cli"))) {
          String text = Files.readString(file);
          for (String flag : flags) {
            assertTrue(
                !text.matches("(?s).*\"[^\"\n]*(?<![\\w-])" + flag + "(?![\\w-]).*"),
                file + " names " + flag);
          }
        }
      }
    }
  }
}
