package io.fourierft.cli;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * File names on the command line, byte for byte. Linux knows names as bytes, which need not be text
 * in the locale; Java puts U+FFFD in place of what is not, and would then read and write a file of
 * another name. So such arguments are read again from {@code /proc}, and a byte that is no UTF-8
 * stands in them as a lone surrogate, U+DC80 to U+DCFF, as in Python (PEP 383).
 */
final class FileArguments {
  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");
  private static final char REPLACEMENT = '\uFFFD';
  private static final int ESCAPE = 0xDC00;

  private FileArguments() {}

  /** The arguments of this process, those that Java could not decode as the system has them. */
  static String[] exact(String... arguments) {
    for (String argument : arguments) {
      if (argument.indexOf(REPLACEMENT) >= 0) {
        return exact(COMMAND_LINE, arguments);
      }
    }
    return arguments;
  }

  /** The same with the bytes from a file: as many, each ended by a zero, are the last of it. */
  static String[] exact(Path commandLine, String... arguments) {
    List<byte[]> fields = new ArrayList<>();
    try {
      byte[] all = Files.readAllBytes(commandLine);
      int begin = 0;
      for (int i = 0; i < all.length; i++) {
        if (all[i] == 0) {
          fields.add(Arrays.copyOfRange(all, begin, i));
          begin = i + 1;
        }
      }
    } catch (IOException notLinux) {
      // Where names are text, nothing is lost.
      return arguments;
    }
    if (fields.size() < arguments.length) {
      return arguments;
    }
    String[] exact = arguments.clone();
    for (int i = 0; i < exact.length; i++) {
      if (exact[i].indexOf(REPLACEMENT) >= 0) {
        exact[i] = escaped(fields.get(fields.size() - exact.length + i));
      }
    }
    return exact;
  }

  private static String escaped(byte[] bytes) {
    CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    while (true) {
      CoderResult result = utf8.decode(in, out, true);
      if (!result.isError()) {
        return out.flip().toString();
      }
      for (int i = 0; i < result.length(); i++) {
        out.put((char) (ESCAPE + (in.get() & 0xFF)));
      }
    }
  }

  /**
   * The path that an argument names.
   *
   * @throws InvalidPathException if it cannot be one, as it holds a zero
   */
  static Path path(String argument) {
    if (isText(argument)) {
      try {
        return Path.of(argument);
      } catch (InvalidPathException e) {
        if (argument.indexOf('\0') >= 0) {
          throw e;
        }
        // Text, but not in this locale: the name in UTF-8.
      }
    }
    String plain = argument.replaceAll("/{2,}", "/");
    StringBuilder uri =
        new StringBuilder(
            plain.startsWith("/") ? "file://" : Path.of("").toAbsolutePath().toUri().toString());
    plain.codePoints().forEach(codePoint -> append(codePoint, uri));
    return Path.of(URI.create(uri.toString()));
  }

  private static boolean isText(String argument) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(argument);
  }

  private static void append(int codePoint, StringBuilder uri) {
    if (codePoint == '/') {
      uri.append('/');
      return;
    }
    byte[] bytes =
        codePoint >= ESCAPE + 0x80 && codePoint <= ESCAPE + 0xFF
            ? new byte[] {(byte) codePoint}
            : Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
    for (byte b : bytes) {
      uri.append(String.format(Locale.ROOT, "%%%02X", b));
    }
  }
}
