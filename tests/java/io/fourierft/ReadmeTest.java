package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** README says only what is so: its Java compiles and runs, its files and commands exist. */
class ReadmeTest {
  private static final Path PROJECT = Path.of(System.getProperty("fourierft.project.dir", "."));

  @TempDir Path folder;

  @Test
  void itsJavaExampleCompilesAndRuns() throws Exception {
    List<String> blocks = blocks("java");
    assertEquals(1, blocks.size(), "README has one Java example");
    String source = blocks.getFirst();
    assertTrue(source.lines().count() <= 30, "the example is short");
    compile(Files.writeString(folder.resolve("Example.java"), source));
    runExample();
    assertTrue(Files.exists(PROJECT.resolve("target/readme-example/model.safetensors")));
  }

  @Test
  void theProgramThatMadeTheExamplesMakesThemAgain() throws Exception {
    compile(PROJECT.resolve("examples/MakeTinyLlama.java"));
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

  private void compile(Path source) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter output = new StringWriter();
    boolean compiled;
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      compiled =
          compiler
              .getTask(
                  output,
                  files,
                  null,
                  List.of(
                      "-d", folder.toString(), "-cp", System.getProperty("java.class.path", "")),
                  null,
                  files.getJavaFileObjects(source))
              .call();
    }
    assertTrue(compiled, output.toString());
  }

  private void runExample() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home", ""), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(
        List.of("-cp", folder + ":" + System.getProperty("java.class.path", ""), "Example"));
    Process process =
        new ProcessBuilder(command).directory(PROJECT.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertTrue(output.contains("q_proj"), output);
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
