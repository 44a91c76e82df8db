package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import io.fourierft.ModelFiles;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** What the program says of itself is so: help, examples, completion, manual, table, schemas. */
class CommandDocumentationTest {
  private static final Path PROJECT = Path.of(System.getProperty("fourierft.project.dir", "."));

  @TempDir Path folder;

  private static List<CommandSpec> commands() {
    return Commands.all().getSubcommands().values().stream()
        .map(CommandLine::getCommandSpec)
        .filter(command -> !command.name().equals("help"))
        .toList();
  }

  private static List<String> examples() {
    return commands().stream().flatMap(command -> examples(command).stream()).toList();
  }

  private static List<String> examples(CommandSpec command) {
    String lines = String.join("\n", command.usageMessage().footer());
    return lines.replace("\\\n", " ").lines().map(String::strip).toList();
  }

  /** Its paths lead to the project's examples and, for what is written, to a folder of the test. */
  private CommandLineRun runExample(String example) {
    List<Object> words = new ArrayList<>();
    for (String word : example.split(" +", -1)) {
      words.add(
          word.startsWith("examples/")
              ? PROJECT.resolve(word)
              : word.startsWith("target/") ? folder.resolve(word) : word);
    }
    assertEquals("fourierft", words.removeFirst());
    return CommandLineRun.of(words.toArray());
  }

  @Test
  void everyCommandHasASentenceThatItsListingShowsWhole() {
    String help = CommandLineRun.of("--help").out();
    for (CommandSpec command : commands()) {
      String header = String.join("", command.usageMessage().header());
      assertTrue(header.endsWith("."), command.name());
      if (!command.usageMessage().hidden()) {
        assertTrue(help.contains(command.name() + " "), command.name());
        assertTrue(help.contains(header + "\n"), help);
      }
      String own = CommandLineRun.of(command.name(), "--help").out();
      assertTrue(own.contains("\nExamples:\n  fourierft " + command.name()), own);
      assertTrue(own.lines().allMatch(line -> line.length() <= 100), own);
      assertFalse(examples(command).isEmpty());
    }
  }

  @ParameterizedTest
  @MethodSource("examples")
  void everyExampleRuns(String example) throws IOException {
    CommandLineRun run = runExample(example);
    assertEquals(0, run.code(), example + "\n" + run.err());
    assertFalse(run.out().isBlank(), example);
    if (example.contains(" --json")) {
      assertValid(run.out());
    }
  }

  /** The JSON of every command that has any, with its options, against its schema. */
  @Test
  void theJsonIsThatOfItsSchema() throws IOException {
    String model = "--base examples/tiny-llama --adapter examples/adapters/poet";
    for (String line :
        List.of(
            "merge " + model + " --out target/a --check --json",
            "merge " + model + " --out target/b --dry-run --json",
            "unmerge " + model + " --out target/c --json",
            "delta " + model + " --out target/d.safetensors --json",
            "to-lora " + model + " --rank 4 --out target/e --json",
            "locations --rows 8 --cols 6 --n-frequency 5 --seed -3 --json",
            "inspect examples/adapters/poet --json",
            "inspect examples/adapters/poet --base examples/tiny-llama --json",
            "inspect --adapters examples/adapters --base examples/tiny-llama --json",
            "delta --adapters examples/adapters --base examples/tiny-llama --out target/g --json",
            "merge --each --adapters examples/adapters --base examples/tiny-llama --out target/h"
                + " --json",
            "similarity --adapters examples/adapters --base examples/tiny-llama --json",
            "train-demo --epochs 3 --out target/f.png --json",
            "train-demo --epochs 3 --json",
            "doctor --json")) {
      CommandLineRun run = runExample("fourierft " + line);
      assertEquals(0, run.code(), line + "\n" + run.err());
      assertEquals(line.substring(0, line.indexOf(' ')), assertValid(run.out()), line);
    }
    List<String> withJson =
        commands().stream()
            .filter(command -> command.optionsMap().containsKey("--json"))
            .map(CommandSpec::name)
            .toList();
    assertEquals(9, withJson.size(), "each of these commands is run above: " + withJson);
  }

  @Test
  void theJsonOfWhatIsOddIsThatOfItsSchemaToo() throws IOException {
    Path adapter =
        ModelFiles.adapter(
            folder.resolve("odd"),
            2,
            20,
            5,
            "[\"q_proj\"]",
            ", \"modules_to_save\": [\"norm\"]",
            ModelFiles.spectrum(
                "model.layers.0.q_proj", DType.F32, Float.NaN, Float.POSITIVE_INFINITY),
            ModelFiles.vector("base_model.model.model.norm.weight", DType.F16, 4, 1));
    CommandLineRun run = CommandLineRun.of("inspect", adapter, "--json");
    assertEquals("inspect", assertValid(run.out()));
    assertTrue(run.out().contains("\"NaN\""), run.out());
  }

  /** Holds an output, one object or one a line, against the schema of its command. */
  private static String assertValid(String json) throws IOException {
    String command = "";
    try (MappingIterator<JsonNode> objects =
        JsonMapper.builder().build().readerFor(JsonNode.class).readValues(json)) {
      while (objects.hasNext()) {
        JsonNode object = objects.next();
        command = object.get("command").asText();
        String name = object.has("status") ? "bulk" : command.equals("unmerge") ? "merge" : command;
        Path schema = PROJECT.resolve("docs/schemas/" + name + ".schema.json");
        assertEquals(
            "[]",
            JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                .getSchema(Files.readString(schema))
                .validate(object)
                .toString(),
            json);
      }
    }
    return command;
  }

  @Test
  void anUnknownOptionIsNamedBeforeWhatIsMissing() {
    CommandLineRun run = CommandLineRun.of("merge", "--bogus");
    assertEquals(2, run.code());
    assertTrue(run.err().startsWith("fourierft: Unknown option: '--bogus'"), run.err());
    assertTrue(run.err().contains("Try 'fourierft merge --help'."), run.err());
    run = CommandLineRun.of("merge", "--basee", "a", "--out", "b");
    assertTrue(run.err().contains("--basee") && run.err().contains("--base"), run.err());
    run = CommandLineRun.of("merge", "--out", "b");
    assertTrue(run.err().contains("Missing required option"), run.err());
  }

  @Test
  void theCompletionIsAScriptThatCompletes() throws IOException, InterruptedException {
    String script = CommandLineRun.of("generate-completion").out();
    Path file = Files.writeString(folder.resolve("completion.sh"), script);
    String ask =
        "set -e; compopt() { :; }; source %s; COMP_WORDS=(fourierft %s); COMP_CWORD=%d;"
            + " _complete_fourierft; echo \"${COMPREPLY[*]}\"";
    assertTrue(bash(ask.formatted(file, "to-", 1)).contains("to-lora"));
    String options = bash(ask.formatted(file, "merge --sa", 2));
    assertTrue(options.contains("--safe"), options);
    String values = bash(ask.formatted(file, "merge --dtype ''", 3));
    assertTrue(values.contains("bf16"), values);
    assertTrue(bash(ask.formatted(file, "merge --device ''", 3)).contains("cuda"));
  }

  /** In a zsh at a terminal of its own, whose user types a tabulator. */
  @Test
  void zshCompletesToo() throws IOException, InterruptedException {
    assumeTrue(
        Stream.of("/usr/bin/zsh", "/bin/zsh").anyMatch(zsh -> Files.isExecutable(Path.of(zsh))),
        "there is no zsh");
    Path script =
        Files.writeString(
            folder.resolve("completion.sh"), CommandLineRun.of("generate-completion").out());
    Path ask = PROJECT.resolve("tests/resources/shell/complete.zsh");
    for (String line :
        List.of(
            "fourierft to-|lora ", "fourierft merge --saf|e ", "fourierft merge --dtype bf|16 ")) {
      String typed = line.substring(0, line.indexOf('|'));
      String found = bash("exec zsh -f '%s' '%s' '%s'".formatted(ask, script, typed));
      assertTrue(found.contains(line.replace("|", "").strip()), line + ": " + found);
    }
  }

  private static String bash(String line) throws IOException, InterruptedException {
    Process process = new ProcessBuilder("bash", "-c", line).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), line + "\n" + output);
    return output;
  }

  @Test
  void theManualHasAPageOfEveryCommand() throws IOException {
    CommandLineRun run = CommandLineRun.of("generate-man-page", "--out", folder.resolve("man"));
    assertEquals(0, run.code(), run.err());
    for (CommandSpec command : commands()) {
      Path page = folder.resolve("man/fourierft-" + command.name() + ".1");
      assertEquals(!command.usageMessage().hidden(), Files.exists(page), page.toString());
      if (Files.exists(page)) {
        String text = Files.readString(page);
        assertTrue(text.startsWith(".TH \"FOURIERFT-"), text);
        for (String name : command.optionsMap().keySet()) {
          String plain = name.replace("-", "\\-");
          String negatable = name.replace("--", "--[no-]").replace("-", "\\-");
          assertTrue(text.contains(plain) || text.contains(negatable), name + " in " + text);
        }
        for (String section : List.of("NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES")) {
          assertTrue(text.contains(".SH \"" + section + "\"\n"), section);
        }
        assertFalse(text.contains("${"), text);
      }
    }
    assertTrue(Files.readString(folder.resolve("man/fourierft.1")).contains("\\fB\\-\\-version"));
  }

  /** {@code -Dfourierft.update=true} writes it anew. */
  @Test
  void theTableOfOptionsIsThatOfTheCode() throws IOException {
    Path table = PROJECT.resolve("docs/cli.md");
    String current = OptionTable.markdown(Commands.all());
    if (Boolean.getBoolean("fourierft.update")) {
      Files.writeString(table, current);
    }
    assertEquals(current, Files.readString(table), "run this test with -Dfourierft.update=true");
  }

  /** Every schema belongs to a command. */
  @Test
  void thereIsNoSchemaTooMany() throws IOException {
    Map<String, Boolean> known = new TreeMap<>(Map.of("bulk.schema.json", true));
    commands().forEach(command -> known.put(command.name() + ".schema.json", true));
    try (Stream<Path> files = Files.list(PROJECT.resolve("docs/schemas"))) {
      files.forEach(
          file ->
              assertTrue(known.containsKey(String.valueOf(file.getFileName())), file.toString()));
    }
  }
}
