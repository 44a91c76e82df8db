package io.fourierft.internal.cuda.kernels;

import io.fourierft.internal.files.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The CUDA C++ of the kernels, which every jar carries, with all that it includes: nothing of the
 * host or of a CUDA toolkit is needed to compile it.
 *
 * @param text of the file that includes the others
 * @param headers the others, by name
 */
record KernelSource(String text, Map<String, String> headers) {
  static final String NAME = "fourierft.cu";

  private static final String FOLDER = "/io/fourierft/internal/cuda/source/";
  private static final Pattern INCLUDE =
      Pattern.compile("^\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"]", Pattern.MULTILINE);

  /** Of the tests' emulated device alone; the kernels include it where that is compiled. */
  private static final String EMULATED = "emulated_device.h";

  /** The jar's, or null if it was built without. */
  static @Nullable KernelSource find() throws IOException {
    String text = read(NAME);
    if (text == null) {
      return null;
    }
    Map<String, String> headers = new TreeMap<>();
    collect(text, headers);
    return new KernelSource(text, headers);
  }

  private static void collect(String text, Map<String, String> headers) throws IOException {
    Matcher includes = INCLUDE.matcher(text);
    while (includes.find()) {
      String name = includes.group(1);
      if (name.equals(EMULATED) || headers.containsKey(name)) {
        continue;
      }
      String header = read(name);
      if (header == null) {
        throw new IOException("the jar's kernels include " + name + ", which it does not hold");
      }
      headers.put(name, header);
      collect(header, headers);
    }
  }

  private static @Nullable String read(String name) throws IOException {
    try (InputStream resource = KernelSource.class.getResourceAsStream(FOLDER + name)) {
      return resource == null ? null : new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Names the sources and how they are compiled, in 16 hexadecimal digits. */
  String fingerprint(Iterable<String> options) {
    MessageDigest digest = Sha256.digest();
    add(digest, text);
    headers.forEach(
        (name, header) -> {
          add(digest, name);
          add(digest, header);
        });
    options.forEach(option -> add(digest, option));
    return HexFormat.of().formatHex(digest.digest(), 0, 8);
  }

  private static void add(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    digest.update((byte) (bytes.length >> 16));
    digest.update((byte) (bytes.length >> 8));
    digest.update((byte) bytes.length);
    digest.update(bytes);
  }
}
