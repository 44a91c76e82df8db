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
 * folders of NVIDIA's Python wheels, those of the {@code python3} on the PATH among them. Of each
 * place the newest version first. A property that is set is the only place looked in: a wrong one
 * is an error, not a hint.
 *
 * <p>The Windows names are there for completeness; nobody has run them.
 */
public final class LibraryFinder {
  /** Property that holds the path of the driver library. */
  public static final String DRIVER_PROPERTY = "fourierft.cuda";

  /** Property that holds the path of cuFFT. */
  public static final String CUFFT_PROPERTY = "fourierft.cufft";

  /** Property that holds the path of NVRTC, the run-time compiler. */
  public static final String NVRTC_PROPERTY = "fourierft.nvrtc";

  /** Property that holds the path of nvJitLink, the linker that cuFFT's callbacks need. */
  public static final String NVJITLINK_PROPERTY = "fourierft.nvjitlink";

  /** Property that holds the path of cuBLAS. */
  public static final String CUBLAS_PROPERTY = "fourierft.cublas";

  /** Reserved value of every property: look nowhere, as if the library were not installed. */
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
        false,
        library -> null);
  }

  /**
   * Looks for cuFFT.
   *
   * @param unfit a reason not to take a library that can be loaded, or null to take it
   */
  public LibrarySearch cufft(Function<FoundLibrary, @Nullable String> unfit) {
    return ofToolkit(
        "cuFFT",
        CUFFT_PROPERTY,
        windows
            ? List.of("cufft64_12.dll", "cufft64_11.dll", "cufft64_10.dll")
            : List.of("libcufft.so.12", "libcufft.so.11", "libcufft.so.10"),
        unfit);
  }

  /** Looks for NVRTC; see {@link #cufft}. */
  public LibrarySearch nvrtc(Function<FoundLibrary, @Nullable String> unfit) {
    LibrarySearch search =
        ofToolkit(
            "NVRTC",
            NVRTC_PROPERTY,
            windows
                ? List.of("nvrtc64_130_0.dll", "nvrtc64_120_0.dll", "nvrtc64_112_0.dll")
                : List.of("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2"),
            unfit);
    FoundLibrary library = search.found();
    if (library != null) {
      loadBuiltins(Path.of(library.path()).getParent());
    }
    return search;
  }

  /**
   * What NVRTC loads by its bare name when it first compiles; in a folder that the loader does not
   * know it finds it only if it is loaded already.
   */
  private static void loadBuiltins(@Nullable Path folder) {
    if (folder == null) {
      return;
    }
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(folder, "{libnvrtc-builtins.so.*,nvrtc-builtins64_*.dll}")) {
      for (Path file : files) {
        SymbolLookup.libraryLookup(file, Arena.global());
      }
    } catch (IOException | IllegalArgumentException e) {
      // NVRTC says itself what it misses, when it compiles.
      return;
    }
  }

  /** Looks for nvJitLink; see {@link #cufft}. */
  public LibrarySearch nvJitLink(Function<FoundLibrary, @Nullable String> unfit) {
    return ofToolkit(
        "nvJitLink",
        NVJITLINK_PROPERTY,
        windows
            ? List.of("nvJitLink_130_0.dll", "nvJitLink_120_0.dll")
            : List.of("libnvJitLink.so.13", "libnvJitLink.so.12"),
        unfit);
  }

  /** Looks for cuBLAS; see {@link #cufft}. */
  public LibrarySearch cublas(Function<FoundLibrary, @Nullable String> unfit) {
    return ofToolkit(
        "cuBLAS",
        CUBLAS_PROPERTY,
        windows
            ? List.of("cublas64_13.dll", "cublas64_12.dll", "cublas64_11.dll")
            : List.of("libcublas.so.13", "libcublas.so.12", "libcublas.so.11"),
        unfit);
  }

  /** A library of the CUDA toolkit, which NVIDIA's Python wheels bring as well. */
  private LibrarySearch ofToolkit(
      String wanted,
      String propertyName,
      List<String> names,
      Function<FoundLibrary, @Nullable String> unfit) {
    return search(wanted, propertyName, names, installFolders(), true, unfit);
  }

  private LibrarySearch search(
      String wanted,
      String propertyName,
      List<String> names,
      List<String> installed,
      boolean inWheels,
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
    if (inWheels && attempts.search().found() == null) {
      for (Path site : PythonSites.of(environment, windows)) {
        attempts.wheels(site);
      }
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
      for (Path version :
          PythonSites.matching("C:/Program Files/NVIDIA GPU Computing Toolkit/CUDA", "v*")) {
        folders.add(version.resolve("bin").toString());
        folders.add(version.resolve("bin/x64").toString());
      }
    } else {
      folders.add("/usr/local/cuda/lib64");
      for (Path version : PythonSites.matching("/usr/local", "cuda-*")) {
        folders.add(version.resolve("lib64").toString());
      }
      folders.add("/opt/cuda/lib64");
      folders.add("/usr/lib/x86_64-linux-gnu");
      folders.add("/usr/lib/aarch64-linux-gnu");
    }
    return folders;
  }

  /** Collects what is tried; after the first success nothing more is. */
  private static final class Attempts {
    private static final String WHEEL = "Python wheel";

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

    /**
     * The wheels in one Python's packages: {@code nvidia/cu13} holds all libraries of CUDA 13,
     * {@code nvidia/cufft} and the like those of one package for CUDA 11 or 12.
     */
    void wheels(Path site) {
      if (found != null || !seen.add(site.toString())) {
        return;
      }
      boolean any = false;
      String packages = site.resolve("nvidia").toString();
      for (String glob : List.of("cu[0-9]*", "*")) {
        for (Path each : PythonSites.matching(packages, glob)) {
          for (String below : List.of("lib", "bin", "bin/x86_64")) {
            any |= holds(each.resolve(below));
          }
        }
      }
      if (!any) {
        String sought = packages + "/*/lib";
        tried.add(new LibrarySearch.Attempt(sought, WHEEL, "holds no " + String.join(", ", names)));
      }
    }

    /** Tries a folder of wheels if it has one of the names; whether it has. */
    private boolean holds(Path folder) {
      if (names.stream().noneMatch(name -> Files.isRegularFile(folder.resolve(name)))) {
        return false;
      }
      folder(folder.toString(), WHEEL);
      return true;
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
