package io.fourierft.internal.cuda.ffm;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
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
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Looks for CUDA's libraries: in the system property, the environment ({@code CUDA_PATH}, {@code
 * LD_LIBRARY_PATH}), where the loader looks by default, in the usual install folders, and in the
 * folders of NVIDIA's Python wheels. Of each place the newest version first. A property that is set
 * is the only place looked in: a wrong one is an error, not a hint.
 *
 * <p>The Windows names are there for completeness; nobody has run them.
 */
public final class LibraryFinder {
  /** Property that holds the path of the driver library. */
  public static final String DRIVER_PROPERTY = "fourierft.cuda";

  /** Property that holds the path of cuFFT. */
  public static final String CUFFT_PROPERTY = "fourierft.cufft";

  /** Reserved value of both properties: look nowhere, as if the library were not installed. */
  public static final String NOWHERE = "none";

  private final Function<String, @Nullable String> property;
  private final Map<String, String> environment;
  private final boolean windows;

  /** Looks on this machine, by this process's properties and environment. */
  public LibraryFinder() {
    this(
        System::getProperty,
        System.getenv(),
        System.getProperty("os.name", "").startsWith("Windows"));
  }

  /** Looks as a process with the given properties and environment would. */
  LibraryFinder(Properties properties, Map<String, String> environment, boolean windows) {
    this(properties::getProperty, environment, windows);
  }

  private LibraryFinder(
      Function<String, @Nullable String> property,
      Map<String, String> environment,
      boolean windows) {
    this.property = property;
    this.environment = environment;
    this.windows = windows;
  }

  /** Looks for the driver. */
  public LibrarySearch driver() {
    return search(
        "the CUDA driver",
        DRIVER_PROPERTY,
        windows ? List.of("nvcuda.dll") : List.of("libcuda.so.1"),
        List.of(
            "/usr/lib/x86_64-linux-gnu",
            "/usr/lib/aarch64-linux-gnu",
            "/usr/lib64",
            "/usr/lib/wsl/lib",
            "/usr/local/nvidia/lib64",
            "/run/opengl-driver/lib"),
        List.of(),
        library -> null);
  }

  /**
   * Looks for cuFFT.
   *
   * @param unfit a reason not to take a library that can be loaded, or null to take it
   */
  public LibrarySearch cufft(Function<FoundLibrary, @Nullable String> unfit) {
    return search(
        "cuFFT",
        CUFFT_PROPERTY,
        windows
            ? List.of("cufft64_12.dll", "cufft64_11.dll", "cufft64_10.dll")
            : List.of("libcufft.so.12", "libcufft.so.11", "libcufft.so.10"),
        installFolders(),
        wheelFolders(),
        unfit);
  }

  private LibrarySearch search(
      String wanted,
      String propertyName,
      List<String> names,
      List<String> installed,
      List<String> wheels,
      Function<FoundLibrary, @Nullable String> unfit) {
    Attempts attempts = new Attempts(wanted, names, unfit);
    String given = property.apply(propertyName);
    if (given != null) {
      if (!given.equals(NOWHERE)) {
        attempts.load(given, "-D" + propertyName);
      }
      return attempts.search();
    }
    for (String folder : environmentFolders()) {
      attempts.folder(folder, "environment");
    }
    for (String name : names) {
      attempts.load(name, "the loader's default");
    }
    for (String folder : installed) {
      attempts.folder(folder, "install folder");
    }
    for (String folder : wheels) {
      attempts.folder(folder, "Python wheel");
    }
    return attempts.search();
  }

  private List<String> environmentFolders() {
    Set<String> folders = new LinkedHashSet<>();
    String cuda = environment.get("CUDA_PATH");
    if (cuda != null && !cuda.isEmpty()) {
      folders.add(cuda + (windows ? "/bin" : "/lib64"));
      folders.add(cuda + (windows ? "/bin/x64" : "/lib"));
    }
    String path = environment.getOrDefault(windows ? "PATH" : "LD_LIBRARY_PATH", "");
    for (String folder : path.split(File.pathSeparator, -1)) {
      if (!folder.isEmpty()) {
        folders.add(folder);
      }
    }
    return List.copyOf(folders);
  }

  private List<String> installFolders() {
    List<String> folders = new ArrayList<>();
    if (windows) {
      folders.addAll(
          matching("C:/Program Files/NVIDIA GPU Computing Toolkit/CUDA", "v*", "bin", "bin/x64"));
    } else {
      folders.add("/usr/local/cuda/lib64");
      folders.addAll(matching("/usr/local", "cuda-*", "lib64"));
      folders.add("/opt/cuda/lib64");
      folders.add("/usr/lib/x86_64-linux-gnu");
      folders.add("/usr/lib/aarch64-linux-gnu");
    }
    return folders;
  }

  /** The wheels nvidia-cufft (CUDA 13) and nvidia-cufft-cu12, cu11 of the Pythons in sight. */
  private List<String> wheelFolders() {
    Set<String> sites = new LinkedHashSet<>();
    for (String variable : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
      String prefix = environment.get(variable);
      if (prefix != null && !prefix.isEmpty()) {
        sites.addAll(matching(prefix + "/lib", "python3*", "site-packages"));
        sites.add(prefix + "/Lib/site-packages");
      }
    }
    String home = environment.get(windows ? "USERPROFILE" : "HOME");
    if (home != null && !home.isEmpty()) {
      sites.addAll(matching(home + "/.local/lib", "python3*", "site-packages"));
    }
    for (String prefix : List.of("/usr/local/lib", "/usr/lib", "/opt/conda/lib")) {
      sites.addAll(matching(prefix, "python3*", "site-packages", "dist-packages"));
    }
    List<String> folders = new ArrayList<>();
    for (String site : sites) {
      for (String folder :
          List.of("nvidia/cu13/lib", "nvidia/cufft/lib", "nvidia/cu13/bin", "nvidia/cufft/bin")) {
        String path = site + "/" + folder;
        if (isFolder(path)) {
          folders.add(path);
        }
      }
    }
    return folders;
  }

  private static boolean isFolder(String path) {
    try {
      return Files.isDirectory(Path.of(path));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  /** {@code root/<name that fits glob>/<each below>} as far as they exist, greatest name first. */
  private static List<String> matching(String root, String glob, String... below) {
    List<String> found = new ArrayList<>();
    if (!isFolder(root)) {
      return found;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of(root), glob)) {
      List<Path> sorted = new ArrayList<>();
      entries.forEach(sorted::add);
      sorted.sort((a, b) -> b.compareTo(a));
      for (Path entry : sorted) {
        for (String name : below) {
          if (Files.isDirectory(entry.resolve(name))) {
            found.add(entry.resolve(name).toString());
          }
        }
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      // A folder that may not be listed holds nothing for us.
      return found;
    }
    return found;
  }

  /** Collects what is tried; after the first success nothing more is. */
  private static final class Attempts {
    private final String wanted;
    private final List<String> names;
    private final Function<FoundLibrary, @Nullable String> unfit;
    private final List<LibrarySearch.Attempt> tried = new ArrayList<>();
    private final Set<String> seen = new LinkedHashSet<>();
    private @Nullable FoundLibrary found;

    Attempts(String wanted, List<String> names, Function<FoundLibrary, @Nullable String> unfit) {
      this.wanted = wanted;
      this.names = names;
      this.unfit = unfit;
    }

    void folder(String folder, String source) {
      if (found != null || !seen.add(folder)) {
        return;
      }
      boolean any = false;
      for (String name : names) {
        Path file;
        try {
          file = Path.of(folder, name);
        } catch (InvalidPathException e) {
          continue;
        }
        if (Files.isRegularFile(file)) {
          any = true;
          load(file.toString(), source);
        }
      }
      if (!any) {
        tried.add(
            new LibrarySearch.Attempt(folder, source, "holds no " + String.join(", ", names)));
      }
    }

    void load(String path, String source) {
      if (found != null) {
        return;
      }
      String failure;
      try {
        FoundLibrary library = open(path);
        failure = unfit.apply(library);
        if (failure == null) {
          found = library;
        }
      } catch (IllegalArgumentException | IllegalCallerException e) {
        failure = String.valueOf(e.getMessage());
      }
      tried.add(new LibrarySearch.Attempt(path, source, failure));
    }

    /** A bare name goes to the system's loader; anything else is a file. */
    private static FoundLibrary open(String path) {
      boolean bare = !path.contains("/") && !path.contains("\\");
      if (bare) {
        return new FoundLibrary(path, SymbolLookup.libraryLookup(path, Arena.global()));
      }
      Path file = Path.of(path).toAbsolutePath();
      if (!Files.isRegularFile(file)) {
        throw new IllegalArgumentException("there is no such file");
      }
      return new FoundLibrary(file.toString(), SymbolLookup.libraryLookup(file, Arena.global()));
    }

    LibrarySearch search() {
      return new LibrarySearch(wanted, found, tried);
    }
  }
}
