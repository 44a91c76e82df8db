package io.fourierft.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The process's standard output, which remembers that it could not be written. A reader that has
 * seen enough and closed its pipe, as {@code head} does, is no failure.
 */
final class StandardOutput extends OutputStream {
  private final OutputStream stream;
  private @Nullable IOException failure;

  StandardOutput() {
    this(new FileOutputStream(FileDescriptor.out));
  }

  /** The same on another stream. */
  StandardOutput(OutputStream stream) {
    this.stream = stream;
  }

  /** Why something could not be written; empty if all was, or the reader went away. */
  Optional<String> failure() {
    return Optional.ofNullable(failure)
        .filter(e -> !isClosedPipe(e))
        .map(e -> String.valueOf(e.getMessage()));
  }

  @Override
  public void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    if (failure != null) {
      return;
    }
    try {
      stream.write(bytes, offset, length);
    } catch (IOException e) {
      failure = e;
    }
  }

  /** The system's words may be in any language, but writing to a pipe fails for no other reason. */
  private static boolean isClosedPipe(IOException e) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
      return target.startsWith("pipe:") || target.startsWith("socket:");
    } catch (IOException | UnsupportedOperationException noSuchSystem) {
      return String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("pipe");
    }
  }
}
