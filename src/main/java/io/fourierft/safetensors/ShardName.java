package io.fourierft.safetensors;

import java.nio.file.Path;

/** The rule of shard names: a plain file name beside the index, never a way out of its folder. */
final class ShardName {
  private static final String EXTENSION = ".safetensors";

  private ShardName() {}

  /** Refuses a name that could lead anywhere but to a file in the index's own folder. */
  static void require(Path index, String tensor, String shard) {
    String fault = fault(shard);
    if (!fault.isEmpty()) {
      throw new SafetensorsException(
          index,
          tensor,
          "unsafe shard name " + SafetensorsException.quote(shard) + ": it " + fault);
    }
  }

  private static String fault(String shard) {
    if (shard.startsWith("\\\\") || shard.startsWith("//")) {
      return "is a network path";
    }
    if (shard.startsWith("/") || shard.startsWith("\\")) {
      return "starts at the root";
    }
    if (shard.contains("..")) {
      return "contains '..'";
    }
    if (shard.indexOf('/') >= 0 || shard.indexOf('\\') >= 0) {
      return "has a folder; a shard must lie beside its index";
    }
    if (shard.indexOf(':') >= 0) {
      return "names a drive or a stream";
    }
    if (shard.chars().anyMatch(Character::isISOControl)) {
      return "has a control character";
    }
    if (!shard.endsWith(EXTENSION) || shard.length() == EXTENSION.length()) {
      return "does not end in " + EXTENSION;
    }
    return "";
  }
}
