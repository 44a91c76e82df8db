package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every {@code @snippet} of the documentation is a program that compiles, runs and tells no lies.
 */
class SnippetTest {
  private static final Path SOURCES = ExamplePrograms.PROJECT.resolve("src/main/java/io/fourierft");
  private static final String START = "{@snippet :";

  @TempDir Path folder;

  @Test
  void snippetsCompileAndRun() throws Exception {
    Map<String, List<String>> snippets = snippets();
    for (String needed : List.of("", "layer", "lora", "peft", "merge", "bulk", "training")) {
      assertTrue(snippets.containsKey(needed), "package '" + needed + "' shows no program");
    }
    ExamplePrograms programs = new ExamplePrograms(folder);
    StringBuilder main = new StringBuilder("public class All {\n");
    main.append("  public static void main(String[] arguments) throws Exception {\n");
    int count = 0;
    for (Map.Entry<String, List<String>> entry : snippets.entrySet()) {
      for (String snippet : entry.getValue()) {
        String name = "Snippet" + count++;
        programs.compile(name + ".java", program(name, snippet));
        main.append("    System.out.println(\"== ").append(entry.getKey()).append("\");\n");
        main.append("    ").append(name).append(".main(arguments);\n");
      }
    }
    programs.compile("All.java", main.append("  }\n}\n").toString());
    String output = programs.run("All");

    Matcher element =
        Pattern.compile("== \\n.*?(\\S+) is (\\S+)\\n", Pattern.DOTALL).matcher(output);
    assertTrue(element.find(), output);
    double applied = Double.parseDouble(element.group(1));
    assertTrue(applied != 0, output);
    assertEquals(1, Double.parseDouble(element.group(2)) / applied, 1e-4, output);
    assertTrue(output.contains("model.layers.0.self_attn.q_proj.weight: |dW| = "), output);
    assertTrue(output.contains("changed by "), output);
    assertTrue(output.contains("gradient norm "), output);
    assertTrue(output.contains("poet.safetensors has 4 deltas"), output);
    assertTrue(output.contains("cosine of the two: "), output);
    for (String written :
        List.of(
            "poet-copy/adapter_model.safetensors",
            "merged-example/model.safetensors",
            "deltas-example/coder.safetensors",
            "trainer-example.safetensors")) {
      Path file = ExamplePrograms.PROJECT.resolve("target").resolve(written);
      assertTrue(Files.exists(file), written);
    }
  }

  /** The programs of the guides; what needs a GPU asks for one first. */
  @Test
  void theProgramsOfTheGuidesCompileAndRun() throws Exception {
    Pattern block = Pattern.compile("(?ms)^```java\\n(.*?)^```$");
    List<Path> guides;
    try (Stream<Path> all = Files.list(ExamplePrograms.PROJECT.resolve("docs"))) {
      guides = all.filter(file -> file.toString().endsWith(".md")).sorted().toList();
    }
    ExamplePrograms programs = new ExamplePrograms(folder);
    StringBuilder main = new StringBuilder("public class Guides {\n");
    main.append("  public static void main(String[] arguments) throws Exception {\n");
    int count = 0;
    for (Path guide : guides) {
      Matcher matcher = block.matcher(Files.readString(guide));
      while (matcher.find()) {
        String name = "Guide" + count++;
        programs.compile(name + ".java", program(name, matcher.group(1)));
        main.append("    ").append(name).append(".main(arguments);\n");
      }
    }
    assertTrue(count >= 8, "there are programs: " + count);
    programs.compile("Guides.java", main.append("  }\n}\n").toString());
    String output = programs.run("Guides");
    assertTrue(output.contains(" weights changed"), output);
    assertTrue(output.contains("3 tokens, 2 adapters"), output);
    assertTrue(output.contains("gradient norm "), output);
    assertTrue(output.contains("8 tokens in place"), output);
  }

  /** The snippets by package, the part after io.fourierft. */
  private static Map<String, List<String>> snippets() throws IOException {
    Map<String, List<String>> snippets = new TreeMap<>();
    List<Path> files;
    try (Stream<Path> all = Files.walk(SOURCES)) {
      files = all.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    }
    for (Path file : files) {
      String text = Files.readString(file);
      String name = SOURCES.relativize(file.resolveSibling("")).toString().replace('/', '.');
      for (int at = text.indexOf(START); at >= 0; at = text.indexOf(START, at + 1)) {
        String code = text.substring(at + START.length(), end(text, at));
        snippets
            .computeIfAbsent(name, key -> new ArrayList<>())
            .add(code.replaceAll("(?m)^ *\\* ?", ""));
      }
    }
    return snippets;
  }

  /** Where the brace at {@code open} is closed. */
  private static int end(String text, int open) {
    int depth = 0;
    for (int at = open; at < text.length(); at++) {
      depth += text.charAt(at) == '{' ? 1 : text.charAt(at) == '}' ? -1 : 0;
      if (depth == 0) {
        return at;
      }
    }
    throw new AssertionError("a snippet does not end: " + text.substring(open));
  }

  private static String program(String name, String snippet) {
    StringBuilder imports = new StringBuilder();
    StringBuilder body = new StringBuilder();
    snippet
        .lines()
        .forEach(line -> (line.startsWith("import ") ? imports : body).append(line).append('\n'));
    return imports
        + "public class "
        + name
        + " {\n  public static void main(String[] arguments) throws Exception {\n"
        + body
        + "  }\n}\n";
  }
}
