package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/**
 * Programs that the documentation shows, compiled against the library and run as a user would.
 *
 * @param folder where their sources and classes go
 */
public record ExamplePrograms(Path folder) {
  public static final Path PROJECT = Path.of(System.getProperty("fourierft.project.dir", "."));

  /** Writes the text to a file of that name and compiles it. */
  void compile(String fileName, String source) throws IOException {
    compile(Files.writeString(folder.resolve(fileName), source));
  }

  /** Compiles all programs of a folder, which may use each other. */
  public void compileFolder(Path sources) throws IOException {
    try (Stream<Path> files = Files.list(sources)) {
      compile(files.filter(file -> file.toString().endsWith(".java")).toArray(Path[]::new));
    }
  }

  /** Compiles files. */
  void compile(Path... sources) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter output = new StringWriter();
    boolean compiled;
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      compiled =
          compiler
              .getTask(output, files, null, options(), null, files.getJavaFileObjects(sources))
              .call();
    }
    assertTrue(compiled, output.toString());
  }

  private List<String> options() {
    String classes = folder + ":" + System.getProperty("java.class.path", "");
    return List.of("-d", folder.toString(), "-cp", classes);
  }

  /** Runs the program in the project's folder and gives all that it says; it must end well. */
  String run(String className) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home", ""), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(
        List.of("-cp", folder + ":" + System.getProperty("java.class.path", ""), className));
    Process process =
        new ProcessBuilder(command).directory(PROJECT.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
