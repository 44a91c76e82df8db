package io.fourierft.peft;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Finds an adapter's files: "default" in a directory itself, others in folders of their names. */
final class AdapterDirectory {
  private static final int MOST_NAMES = 3;

  private AdapterDirectory() {}

  /** The directory that holds the adapter of that name. */
  static Path find(Path directory, String adapterName) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new PeftException(
          Files.exists(directory)
              ? directory + " is a file; give the directory that PEFT's save_pretrained wrote"
              : "there is no directory "
                  + directory
                  + "; give the one that PEFT wrote"
                  + hub(directory));
    }
    boolean plain =
        !adapterName.isEmpty()
            && adapterName.chars().noneMatch(c -> c == '.' || c == '/' || c == '\\');
    if (!plain) {
      throw new PeftException(
          "'%s' is no adapter name: PEFT's names hold no dot and no slash".formatted(adapterName));
    }
    if (adapterName.equals(PeftAdapter.DEFAULT_NAME) && holdsConfig(directory)) {
      return directory;
    }
    Path folder = directory.resolve(adapterName);
    if (holdsConfig(folder)) {
      return folder;
    }
    refuseCache(directory);
    List<String> names = names(directory);
    String wanted =
        adapterName.equals(PeftAdapter.DEFAULT_NAME)
            ? "cannot find '%s' at '%s'".formatted(FourierFtConfig.FILE_NAME, directory)
            : "there is no adapter '%s' in %s".formatted(adapterName, directory);
    throw new PeftException(
        names.isEmpty()
            ? wanted + "; give the directory that PEFT's save_pretrained wrote"
            : wanted + listed(directory, names));
  }

  private static String hub(Path directory) {
    String name = directory.toString().replace('\\', '/');
    return name.matches("[\\w.-]+/[\\w.-]+")
        ? ", or, if this is its name on the hub, download it first (hf download %s --local-dir %s)"
            .formatted(name, directory.getFileName())
        : "";
  }

  /** Three names and the count say enough of a folder with hundreds. */
  private static String listed(Path directory, List<String> names) {
    int more = names.size() - MOST_NAMES;
    return "; there are the adapters %s%s in it: name one, as %s"
        .formatted(
            String.join(", ", names.subList(0, Math.min(names.size(), MOST_NAMES))),
            more > 0 ? " and " + more + " more, " + names.size() + " in all," : "",
            directory.resolve(names.getFirst()));
  }

  private static void refuseCache(Path directory) throws IOException {
    Path snapshots = directory.resolve("snapshots");
    if (Files.isDirectory(snapshots)) {
      List<Path> revisions = new ArrayList<>();
      try (DirectoryStream<Path> children =
          Files.newDirectoryStream(snapshots, Files::isDirectory)) {
        children.forEach(revisions::add);
      }
      Collections.sort(revisions);
      if (!revisions.isEmpty()) {
        throw new PeftException(
            "%s is a cache of the hub, the adapter lies in %s; give that"
                .formatted(directory, revisions.getFirst()));
      }
    }
  }

  /** The adapters in a directory. */
  static List<String> names(Path directory) throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> children = Files.newDirectoryStream(directory)) {
      for (Path child : children) {
        if (holdsConfig(child)) {
          names.add(String.valueOf(child.getFileName()));
        }
      }
    }
    names.removeIf(name -> name.contains("."));
    Collections.sort(names);
    if (holdsConfig(directory)) {
      names.remove(PeftAdapter.DEFAULT_NAME);
      names.addFirst(PeftAdapter.DEFAULT_NAME);
    }
    return names;
  }

  private static boolean holdsConfig(Path directory) {
    // A link that leads nowhere too, so that reading it says so.
    return Files.exists(directory.resolve(FourierFtConfig.FILE_NAME), LinkOption.NOFOLLOW_LINKS);
  }
}
