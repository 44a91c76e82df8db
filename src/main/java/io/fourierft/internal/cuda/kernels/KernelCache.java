package io.fourierft.internal.cuda.kernels;

import io.fourierft.FourierException;
import io.fourierft.internal.files.OutputFile;
import io.fourierft.internal.files.Sha256;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Images that were compiled on this machine, kept for the processes to come in the user's cache
 * folder. A file is a SHA-256 and the image that it belongs to, so that one that was damaged counts
 * as missing; it gets its name whole or not at all.
 *
 * @param folder where they are, or null if none are kept
 */
record KernelCache(@Nullable Path folder) {
  /** Property that names the cache folder of this library; {@code none} keeps nothing. */
  static final String PROPERTY = "fourierft.cache";

  private static final int DIGEST_BYTES = 32;

  /** That of this process's user. */
  static KernelCache ofUser() {
    return of(System::getProperty, System.getenv());
  }

  /** That of a user with these properties and this environment. */
  static KernelCache of(
      Function<String, @Nullable String> properties, Map<String, String> environment) {
    String given = properties.apply(PROPERTY);
    if (given != null && given.toLowerCase(Locale.ROOT).equals("none")) {
      return new KernelCache(null);
    }
    try {
      Path root = given == null ? usual(properties, environment) : Path.of(given);
      return new KernelCache(root == null ? null : root.resolve("kernels").toAbsolutePath());
    } catch (InvalidPathException e) {
      return new KernelCache(null);
    }
  }

  /** As the XDG base directory specification has it, or Windows. */
  private static @Nullable Path usual(
      Function<String, @Nullable String> properties, Map<String, String> environment) {
    boolean windows = String.valueOf(properties.apply("os.name")).startsWith("Windows");
    String set = environment.getOrDefault(windows ? "LOCALAPPDATA" : "XDG_CACHE_HOME", "");
    if (!set.isEmpty() && Path.of(set).isAbsolute()) {
      return Path.of(set, "fourierft");
    }
    String home = properties.apply("user.home");
    return home == null || home.isEmpty() ? null : Path.of(home, ".cache", "fourierft");
  }

  /** Where an image of this name is or would be, or null if none are kept. */
  @Nullable Path file(String name) {
    return folder == null ? null : folder.resolve(name);
  }

  /** The image, or null if there is none, or one that is damaged or cannot be read. */
  byte @Nullable [] read(String name) {
    Path file = file(name);
    if (file == null || !Files.isRegularFile(file)) {
      return null;
    }
    try {
      byte[] all = Files.readAllBytes(file);
      if (all.length <= DIGEST_BYTES) {
        return null;
      }
      byte[] image = Arrays.copyOfRange(all, DIGEST_BYTES, all.length);
      return Arrays.equals(Sha256.of(image), 0, DIGEST_BYTES, all, 0, DIGEST_BYTES) ? image : null;
    } catch (IOException e) {
      return null;
    }
  }

  /** Keeps an image in place of what has its name; where that fails the next process compiles. */
  void write(String name, byte[] image) {
    Path file = file(name);
    if (file == null) {
      return;
    }
    try (OutputFile out = OutputFile.create(file, true)) {
      try (OutputStream stream = Files.newOutputStream(out.path())) {
        stream.write(Sha256.of(image));
        stream.write(image);
      }
      out.commit();
    } catch (IOException | FourierException e) {
      System.getLogger(KernelCache.class.getName())
          .log(
              System.Logger.Level.WARNING,
              "the compiled CUDA kernels cannot be kept in {0}, so every process compiles them:"
                  + " {1}",
              file,
              e);
    }
  }
}
