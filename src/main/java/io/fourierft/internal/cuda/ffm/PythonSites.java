package io.fourierft.internal.cuda.ffm;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The folders in which the Pythons in sight keep their packages: those of the active environment,
 * of the {@code python3} on the PATH, of the user, and of the system. No Python is run: an
 * environment's prefix follows from where its executable lies, through every symbolic link on the
 * way to it, and from {@code pyvenv.cfg} (PEP 405).
 */
final class PythonSites {
  private static final int MOST_LINKS = 40;

  private final Map<String, String> environment;
  private final boolean windows;
  private final Set<String> sites = new LinkedHashSet<>();

  private PythonSites(Map<String, String> environment, boolean windows) {
    this.environment = environment;
    this.windows = windows;
  }

  /** Those that a process with this environment sees, most likely first; all exist. */
  static List<Path> of(Map<String, String> environment, boolean windows) {
    PythonSites found = new PythonSites(environment, windows);
    found.collect();
    return found.sites.stream().map(Path::of).filter(Files::isDirectory).toList();
  }

  private void collect() {
    for (String folder : folders("PYTHONPATH")) {
      sites.add(folder);
    }
    for (String variable : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
      String prefix = environment.getOrDefault(variable, "");
      if (!prefix.isEmpty()) {
        prefix(prefix);
      }
    }
    for (String name :
        windows ? List.of("python3.exe", "python.exe") : List.of("python3", "python")) {
      folders("PATH").stream()
          .map(folder -> child(folder, name))
          .filter(file -> file != null && Files.isExecutable(file) && !Files.isDirectory(file))
          .findFirst()
          .ifPresent(this::executable);
    }
    String home = environment.getOrDefault(windows ? "USERPROFILE" : "HOME", "");
    if (!home.isEmpty()) {
      versions(home + "/.local/lib");
    }
    for (String library : List.of("/usr/local/lib", "/usr/lib", "/opt/conda/lib")) {
      versions(library);
    }
  }

  private List<String> folders(String variable) {
    List<String> folders = new ArrayList<>();
    for (String folder : environment.getOrDefault(variable, "").split(File.pathSeparator, -1)) {
      if (!folder.isEmpty()) {
        folders.add(folder);
      }
    }
    return folders;
  }

  private static @Nullable Path child(String folder, String name) {
    try {
      return Path.of(folder, name).toAbsolutePath();
    } catch (InvalidPathException e) {
      return null;
    }
  }

  /** The environment that holds an executable, and those that it links to. */
  private void executable(Path python) {
    Path file = python;
    try {
      for (int links = 0; links < MOST_LINKS; links++) {
        Path folder = file.getParent();
        Path above = folder == null ? null : folder.getParent();
        if (folder == null || above == null) {
          return;
        }
        // On Windows an interpreter outside an environment lies in its prefix itself.
        for (Path prefix : windows ? List.of(above, folder) : List.of(above)) {
          prefix(prefix.toString());
          configuration(prefix.resolve("pyvenv.cfg"));
        }
        if (!Files.isSymbolicLink(file)) {
          return;
        }
        file = folder.toRealPath().resolve(Files.readSymbolicLink(file)).normalize();
      }
    } catch (IOException | InvalidPathException e) {
      // A link that leads nowhere holds nothing for us.
      return;
    }
  }

  /** The environment that {@code pyvenv.cfg} says this one was made from, if it shares packages. */
  private void configuration(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return;
    }
    Properties configuration = new Properties();
    for (String line : Files.readAllLines(file)) {
      int equals = line.indexOf('=');
      if (equals > 0) {
        configuration.setProperty(
            line.substring(0, equals).strip(), line.substring(equals + 1).strip());
      }
    }
    String home = configuration.getProperty("home");
    String shares = configuration.getProperty("include-system-site-packages", "false");
    if (home == null || !shares.equalsIgnoreCase("true")) {
      return;
    }
    Path base = windows ? Path.of(home) : Path.of(home).getParent();
    if (base != null) {
      prefix(base.toString());
    }
  }

  private void prefix(String prefix) {
    versions(prefix + "/lib");
    versions(prefix + "/lib64");
    sites.add(prefix + "/Lib/site-packages");
  }

  /** {@code library/python3*} and what holds packages below, greatest version first. */
  private void versions(String library) {
    for (Path version : matching(library, "python3*")) {
      sites.add(version.resolve("site-packages").toString());
      sites.add(version.resolve("dist-packages").toString());
    }
  }

  /** The folders in {@code root} whose names fit, greatest name first; none if it has none. */
  static List<Path> matching(String root, String glob) {
    List<Path> found = new ArrayList<>();
    try {
      Path folder = Path.of(root);
      if (!Files.isDirectory(folder)) {
        return found;
      }
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
        entries.forEach(found::add);
      }
    } catch (IOException | DirectoryIteratorException | InvalidPathException e) {
      // A folder that may not be listed holds nothing for us.
      return found;
    }
    found.removeIf(entry -> !Files.isDirectory(entry));
    found.sort((a, b) -> b.compareTo(a));
    return found;
  }
}
