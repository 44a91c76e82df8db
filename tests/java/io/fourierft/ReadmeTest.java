package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** README says only what is so: its Java compiles and runs, its files and commands exist. */
class ReadmeTest {
  private static final Path PROJECT = ExamplePrograms.PROJECT;

  @TempDir Path folder;

  @Test
  void itsJavaExampleCompilesAndRuns() throws Exception {
    List<String> blocks = blocks("java");
    assertEquals(1, blocks.size(), "README has one Java example");
    String source = blocks.getFirst();
    assertTrue(source.lines().count() <= 30, "the example is short");
    ExamplePrograms programs = new ExamplePrograms(folder);
    programs.compile("Example.java", source);
    String output = programs.run("Example");
    assertTrue(output.contains("q_proj"), output);
    assertTrue(Files.exists(PROJECT.resolve("target/readme-example/model.safetensors")));
  }

  @Test
  void theProgramThatMadeTheExamplesMakesThemAgain() throws Exception {
    new ExamplePrograms(folder).compile(PROJECT.resolve("examples/MakeTinyLlama.java"));
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      loader
          .loadClass("MakeTinyLlama")
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[] {folder.resolve("made").toString()});
    }
    for (String file :
        List.of(
            "tiny-llama/model.safetensors",
            "tiny-llama/config.json",
            "tiny-llama/generation_config.json",
            "adapters/poet/adapter_model.safetensors",
            "adapters/poet/adapter_config.json",
            "adapters/coder/adapter_model.safetensors",
            "adapters/coder/adapter_config.json")) {
      long mismatch =
          Files.mismatch(
              PROJECT.resolve("examples").resolve(file), folder.resolve("made").resolve(file));
      assertEquals(-1, mismatch, file);
    }
  }

  @Test
  void everyFileItLinksToIsThere() throws IOException {
    Matcher links =
        Pattern.compile("\\]\\((?!https?:)([^)#]+)").matcher(Files.readString(readme()));
    while (links.find()) {
      assertTrue(Files.exists(PROJECT.resolve(links.group(1))), links.group(1));
    }
  }

  private static List<String> blocks(String language) throws IOException {
    Matcher matcher =
        Pattern.compile("(?ms)^```" + language + "\\n(.*?)^```")
            .matcher(Files.readString(readme()));
    List<String> blocks = new ArrayList<>();
    while (matcher.find()) {
      blocks.add(matcher.group(1));
    }
    return blocks;
  }

  private static Path readme() {
    return PROJECT.resolve("README.md");
  }
}
