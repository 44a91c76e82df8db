package io.fourierft.model;

import io.fourierft.ExamplePrograms;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The example that trains a vision transformer, run in this process.
 *
 * @param classes what {@link #compile} made
 * @param folder where results go
 */
record FineTuneProgram(Path classes, Path folder) {
  private static final Path EXAMPLE = ExamplePrograms.PROJECT.resolve("examples/finetune");

  static void compile(Path classes) throws IOException {
    new ExamplePrograms(classes).compileFolder(EXAMPLE);
  }

  void run(String device, String out, String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("--data", EXAMPLE.toString()));
    arguments.addAll(List.of("--device", device, "--out", folder.resolve(out).toString()));
    arguments.addAll(List.of(more));
    try (URLClassLoader loader = new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
      loader
          .loadClass("FineTune")
          .getMethod("main", String[].class)
          .invoke(null, (Object) arguments.toArray(new String[0]));
    }
  }

  double[] losses(String out) throws IOException {
    return Files.readAllLines(folder.resolve(out).resolve("losses.csv")).stream()
        .skip(1)
        .mapToDouble(line -> Double.parseDouble(line.split(",", -1)[1]))
        .toArray();
  }
}
