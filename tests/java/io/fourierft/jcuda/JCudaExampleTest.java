package io.fourierft.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ExamplePrograms;
import io.fourierft.internal.cuda.EmulatedCuda;
import io.fourierft.internal.cuda.OnEmulator;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The example on JCuda and JCublas: compiled against JCuda's classes, and run on the emulated
 * driver, where two classes in place of JCuda's do without its native part.
 */
@OnEmulator
class JCudaExampleTest {
  private static final Path STAND_INS =
      ExamplePrograms.PROJECT.resolve("tests/resources/jcuda-on-emulator");

  @TempDir Path example;
  @TempDir Path standIns;

  @Test
  void itLearnsWhatTheTeacherKnowsAndLeavesNothing() throws Exception {
    EmulatedCuda emulator = EmulatedCuda.require();
    new ExamplePrograms(example).compileFolder(ExamplePrograms.PROJECT.resolve("examples/jcuda"));
    new ExamplePrograms(standIns).compileFolder(STAND_INS);
    List<Double> losses = new ArrayList<>();
    PrintStream before = System.out;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    try (Instead loader =
        new Instead(new URL[] {example.toUri().toURL(), standIns.toUri().toURL()})) {
      System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
      loader
          .loadClass("JCudaTraining")
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[] {"60", "24", "12", "20"});
    } finally {
      System.setOut(before);
    }
    said.toString(StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.contains("loss"))
        .forEach(line -> losses.add(Double.parseDouble(line.replaceFirst(".*loss ", ""))));
    assertEquals(4, losses.size(), "steps 1, 20, 40 and 60");
    assertTrue(losses.getLast() < 0.05 * losses.getFirst(), losses.toString());
    assertTrue(Files.isDirectory(STAND_INS));
    emulator.assertNothingLeft();
  }

  /** JCuda's own classes without their natives, which no test's class path has. */
  @Test
  void withoutJCudasNativesItSaysWhichAreWanted() throws Exception {
    EmulatedCuda emulator = EmulatedCuda.require();
    new ExamplePrograms(example).compileFolder(ExamplePrograms.PROJECT.resolve("examples/jcuda"));
    try (Instead loader = new Instead(example.toUri().toURL())) {
      Class<?> program = loader.loadClass("JCudaTraining");
      InvocationTargetException failure =
          assertThrows(
              InvocationTargetException.class,
              () ->
                  program
                      .getMethod("main", String[].class)
                      .invoke(null, (Object) new String[] {"1", "24", "12", "20"}));
      String said = String.valueOf(failure.getCause().getMessage());
      assertTrue(said.contains("jcublas-natives"), said);
      assertTrue(said.contains("libcublas.so.12 for 12.6.0"), said);
    }
    emulator.assertNothingLeft();
  }

  /** Loads the example, and the classes that stand in for JCuda's, before all others. */
  private static final class Instead extends URLClassLoader {
    Instead(URL... urls) {
      super(urls, JCudaExampleTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      // What touches a package's own classes has to come from the same loader.
      boolean own =
          name.startsWith("jcuda.")
              || name.startsWith("io.fourierft.jcuda.")
              || name.startsWith("io.fourierft.internal.jcuda.")
              || name.startsWith("JCudaTraining");
      if (!own) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> known = findLoadedClass(name);
        if (known != null) {
          return known;
        }
        URL found = findResource(name.replace('.', '/') + ".class");
        URL source = found != null ? found : getResource(name.replace('.', '/') + ".class");
        if (source == null) {
          throw new ClassNotFoundException(name);
        }
        try (var bytes = source.openStream()) {
          byte[] code = bytes.readAllBytes();
          return defineClass(name, code, 0, code.length);
        } catch (java.io.IOException e) {
          throw new ClassNotFoundException(name, e);
        }
      }
    }
  }
}
