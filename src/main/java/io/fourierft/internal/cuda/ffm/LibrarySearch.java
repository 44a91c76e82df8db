package io.fourierft.internal.cuda.ffm;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What became of looking for a library.
 *
 * @param wanted its common name, as {@code cuFFT}
 * @param found the first place that could be loaded, or null
 * @param attempts every place tried, in order, the successful one included
 */
public record LibrarySearch(String wanted, @Nullable FoundLibrary found, List<Attempt> attempts) {
  /** Copies the list. */
  public LibrarySearch {
    attempts = List.copyOf(attempts);
  }

  /** Where it was looked for, one place a line, each with its own failure. */
  public String report() {
    return attempts.isEmpty()
        ? "no place to look in"
        : attempts.stream().map(Attempt::toString).collect(Collectors.joining("\n    "));
  }

  /**
   * One place.
   *
   * @param path what was given to the loader, or the pattern that matched no file
   * @param source why it was tried: the property, the variable, the folder's kind
   * @param failure why it was not taken, or null if it was
   */
  public record Attempt(String path, String source, @Nullable String failure) {
    @Override
    public String toString() {
      return "%s (%s): %s".formatted(path, source, failure == null ? "loaded" : failure);
    }
  }
}
