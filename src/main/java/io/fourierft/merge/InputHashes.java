package io.fourierft.merge;

import io.fourierft.FourierException;
import io.fourierft.internal.files.Sha256;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * SHA-256 of a base's weight files. A hub's cache names each such file by it ({@code
 * snapshots/<commit>/model.safetensors} is a link to {@code blobs/<sha256>}), so that a file there
 * which is not what was downloaded is found.
 */
final class InputHashes {
  /** Before a file's name, the key of its hash in the metadata of an output. */
  private static final String KEY = "base.sha256.";

  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  private InputHashes() {}

  /**
   * Reads every weight file once, several at a time.
   *
   * @return file names and their hashes, in hexadecimal
   * @throws FourierException if a file's own name says that it should have another hash
   */
  static Map<String, String> of(SafetensorsCheckpoint checkpoint) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    try {
      checkpoint.shards().parallelStream()
          .map(shard -> Map.entry(shard.fileName(), verified(shard.file().path())))
          .toList()
          .forEach(entry -> hashes.put(entry.getKey(), entry.getValue()));
    } catch (UncheckedIOException e) {
      throw new IOException(e.getMessage(), e);
    }
    return hashes;
  }

  /** The metadata of a base's file as an output has it: without the hashes of another base. */
  static Map<String, String> recorded(Map<String, String> metadata, Map<String, String> hashes) {
    Map<String, String> recorded = new LinkedHashMap<>(metadata);
    recorded.keySet().removeIf(key -> key.startsWith(KEY));
    hashes.forEach((file, hash) -> recorded.put(KEY + file, hash));
    return recorded;
  }

  private static String verified(Path file) {
    try {
      String hash = Sha256.ofFile(file);
      String name = String.valueOf(file.toRealPath().getFileName());
      if (SHA256.matcher(name).matches() && !name.equals(hash)) {
        throw new FourierException(
            "%s is not what was downloaded: its cache names it by SHA-256 %s, but it has %s; download it again"
                .formatted(file, name, hash));
      }
      return hash;
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be read: " + e.getMessage(), e);
    }
  }
}
