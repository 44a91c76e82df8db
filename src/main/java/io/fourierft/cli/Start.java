package io.fourierft.cli;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the virtual machine begins. Sees to what the command line needs of it, then gives way to
 * {@link Main}:
 *
 * <ul>
 *   <li>{@code java -jar} names one jar. The libraries of the command line are then taken from
 *       beside it, or it says what to type.
 *   <li>The launcher asks for the Vector API's module by {@value #VECTOR_PROPERTY}, where a flag of
 *       the virtual machine would make it print a line at every start.
 * </ul>
 */
public final class Start {
  /** Set by the launcher, together with the flag that makes the module fast. */
  static final String VECTOR_PROPERTY = "fourierft.start.vector";

  /** Set by the launcher where it makes a cache that later starts begin from: for what. */
  private static final String REHEARSAL_PROPERTY = "fourierft.start.rehearsal";

  private static final String LIBRARY = "picocli.CommandLine";
  private static final String MAIN = "io.fourierft.cli.Main";

  private Start() {}

  /** Runs the command line. */
  public static void main(String[] arguments) throws Exception {
    String rehearsal = System.getProperty(REHEARSAL_PROPERTY);
    if (rehearsal != null) {
      Rehearsal.main(rehearsal);
      return;
    }
    VectorLoading vector = Boolean.getBoolean(VECTOR_PROPERTY) ? VectorLoading.begin() : null;
    if (isThere(LIBRARY)) {
      Main.start(vector == null ? () -> {} : vector::await, arguments);
      return;
    }
    Path jar = jar();
    List<URL> paths = jar == null ? List.of() : beside(jar);
    if (paths.isEmpty()) {
      System.exit(explain(jar, System.err));
    }
    // Never closed: it serves until the process ends.
    ClassLoader loader =
        new URLClassLoader(paths.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    Thread.currentThread().setContextClassLoader(loader);
    if (vector != null) {
      vector.await();
    }
    loader.loadClass(MAIN).getMethod("main", String[].class).invoke(null, (Object) arguments);
  }

  private static boolean isThere(String className) {
    try {
      Class.forName(className, false, Start.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  /** The jar that this class is in; null if it is in none. */
  private static @Nullable Path jar() throws URISyntaxException {
    Path place = Path.of(Start.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    return Files.isRegularFile(place) ? place : null;
  }

  /**
   * The jar, then those in its folder and in the folder {@code lib} there; none without picocli.
   */
  private static List<URL> beside(Path jar) throws IOException {
    List<URL> paths = new ArrayList<>();
    paths.add(jar.toUri().toURL());
    boolean complete = false;
    for (Path folder : List.of(jar.resolveSibling("lib"), jar.resolveSibling(""))) {
      if (complete || !Files.isDirectory(folder)) {
        continue;
      }
      try (DirectoryStream<Path> jars = Files.newDirectoryStream(folder, "*.jar")) {
        for (Path each : jars) {
          String name = each.getFileName().toString();
          complete |= name.startsWith("picocli");
          // Jars of the project itself: of another version, or sources.
          if (!name.startsWith("fourierft-") || name.endsWith("-cuda.jar")) {
            paths.add(each.toUri().toURL());
          }
        }
      }
    }
    return complete ? paths : List.of();
  }

  private static int explain(@Nullable Path jar, PrintStream err) {
    PrintStream told = new PrintStream(err, true, StandardCharsets.UTF_8);
    told.printf(
        """
        fourierft: %s is the library alone; its command line needs the jars that it is distributed with.
        fourierft: unpack fourierft-VERSION.zip and type bin/fourierft, or in a checkout ./fourierft;
        fourierft: or, with those jars in a folder: java -cp 'FOLDER%s*' %s
        """
            .replace("\n", System.lineSeparator()),
        jar == null ? "this" : jar,
        File.separator,
        Start.class.getName());
    return Main.USAGE;
  }
}
