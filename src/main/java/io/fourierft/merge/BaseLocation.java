package io.fourierft.merge;

import io.fourierft.FourierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Says what is wrong with a base's path where people are known to mistake it. */
final class BaseLocation {
  private static final Pattern HUB_NAME = Pattern.compile("[\\w.-]+/[\\w.-]+");
  private static final Pattern SHARD =
      Pattern.compile(".*-(\\d{5})-of-(\\d{5})\\.safetensors", Pattern.DOTALL);

  private BaseLocation() {}

  /**
   * Refuses a path that cannot be a base's, with the one that was probably meant.
   *
   * @throws FourierException if it names nothing, a cache's root, or one shard
   */
  static void require(Path base) throws IOException {
    if (!Files.exists(base, LinkOption.NOFOLLOW_LINKS)) {
      throw missing(base);
    }
    if (Files.isDirectory(base)) {
      requireWholeFolder(base);
    } else {
      requireWholeFile(base);
    }
  }

  private static FourierException missing(Path base) {
    String name = base.toString().replace('\\', '/');
    return new FourierException(
        HUB_NAME.matcher(name).matches()
            ? ("%s: no such file or folder; if it is a model's name on the hub, download it first"
                    + " (hf download %s --local-dir %s), and give that folder")
                .formatted(name, name, base.getFileName())
            : base + ": no such file or folder");
  }

  private static void requireWholeFolder(Path folder) throws IOException {
    Path snapshots = folder.resolve("snapshots");
    if (Files.isDirectory(snapshots) && !Files.exists(folder.resolve("config.json"))) {
      try (Stream<Path> revisions = Files.list(snapshots)) {
        List<String> names =
            revisions.filter(Files::isDirectory).map(Path::toString).sorted().toList();
        throw new FourierException(
            names.isEmpty()
                ? folder + " is a cache of the hub without any snapshot; download the model again"
                : "%s is a cache of the hub, the model lies in %s; give that"
                    .formatted(folder, String.join(" or ", names)));
      }
    }
  }

  private static void requireWholeFile(Path file) {
    Matcher shard = SHARD.matcher(String.valueOf(file.getFileName()));
    if (shard.matches() && Integer.parseInt(shard.group(2)) > 1) {
      throw new FourierException(
          ("%s is shard %d of %d of a model; give its folder, or the index that lies beside it"
                  + " (a file that ends in .safetensors.index.json)")
              .formatted(file, Integer.parseInt(shard.group(1)), Integer.parseInt(shard.group(2))));
    }
  }
}
