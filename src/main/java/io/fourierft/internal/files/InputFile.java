package io.fourierft.internal.files;

import io.fourierft.FourierException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import java.util.Optional;

/**
 * Files that are read: looked at before they are opened, since opening a pipe waits for ever and
 * reading a device may do anything.
 */
public final class InputFile {
  private InputFile() {}

  /**
   * Whether anything has that name, a link that leads nowhere too.
   *
   * @throws IOException if it cannot be told, as in a folder that may not be searched
   */
  public static boolean isThere(Path path) throws IOException {
    return FileTree.exists(path);
  }

  /**
   * Whether a path is a folder, or a link to one. Unlike {@link Files#isDirectory}, a disk that
   * does not answer is not taken for a no.
   *
   * @throws IOException if it cannot be told
   */
  public static boolean isFolder(Path path) throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class).isDirectory();
    } catch (FileSystemException e) {
      if (e instanceof NoSuchFileException || Files.isSymbolicLink(path)) {
        return false;
      }
      throw e;
    }
  }

  /**
   * Why a path is no file to read, in words that follow its name; empty if it is a regular file, or
   * nothing has that name.
   *
   * @throws IOException if it cannot be told
   */
  public static Optional<String> fault(Path path) throws IOException {
    BasicFileAttributes attributes;
    try {
      attributes = Files.readAttributes(path, BasicFileAttributes.class);
    } catch (FileSystemException e) {
      if (!Files.isSymbolicLink(path)) {
        if (e instanceof NoSuchFileException) {
          return Optional.empty();
        }
        throw e;
      }
      return Optional.of(
          "is a broken link: it leads to %s, %s"
              .formatted(
                  Files.readSymbolicLink(path),
                  e instanceof NoSuchFileException
                      ? "which is not there (an unfinished download leaves such links)"
                      : "which cannot be reached: " + e.getReason()));
    }
    if (attributes.isRegularFile()) {
      return Optional.empty();
    }
    return Optional.of(
        attributes.isDirectory()
            ? "is a folder, not a file"
            : "is no regular file, but a pipe, a socket or a device");
  }

  /**
   * Reads a whole file.
   *
   * @throws FourierException if it is no regular file, or longer than {@code most} bytes
   * @throws IOException if it is missing or cannot be read; the message names it
   */
  public static byte[] read(Path file, int most) throws IOException {
    Optional<String> fault = fault(file);
    if (fault.isPresent()) {
      throw new FourierException(file + " " + fault.get());
    }
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(most + 1);
    } catch (IOException e) {
      throw naming(file, "reading", e);
    }
    if (bytes.length > most) {
      throw new FourierException(
          "%s is larger than %d bytes, the most that such a file may have".formatted(file, most));
    }
    return bytes;
  }

  /**
   * A name in a folder, in UTF-8 where the locale of the virtual machine cannot express it: names
   * that a JSON file gives are not to depend on the locale.
   *
   * @param name one name, without a separator
   */
  public static Path resolve(Path folder, String name) {
    try {
      return folder.resolve(name);
    } catch (InvalidPathException e) {
      StringBuilder uri = new StringBuilder(folder.toAbsolutePath().toUri().toString());
      if (uri.charAt(uri.length() - 1) != '/') {
        uri.append('/');
      }
      for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
        uri.append(String.format(Locale.ROOT, "%%%02X", b));
      }
      return Path.of(URI.create(uri.toString()));
    }
  }

  /** A path's last name as text: by the locale, or as UTF-8 where the locale cannot express it. */
  public static String name(Path path) {
    String name = String.valueOf(path.getFileName());
    if (name.indexOf('\uFFFD') < 0) {
      return name;
    }
    String text = path.toUri().getPath();
    return text.substring(text.lastIndexOf('/', text.length() - 2) + 1).replace("/", "");
  }

  /** Copies a file's bytes, and nothing else of it, to a new one. */
  public static void copy(Path from, Path to) throws IOException {
    try (InputStream in = Files.newInputStream(from)) {
      Files.copy(in, to);
    } catch (IOException e) {
      throw naming(to, "copying " + from + " to it", e);
    }
  }

  private static IOException naming(Path file, String doing, IOException e) {
    return e instanceof FileSystemException
        ? e
        : new IOException(file + ": " + doing + " failed: " + e.getMessage(), e);
  }
}
