package io.fourierft.spark;

import io.fourierft.merge.OpenBase;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The files of a base as they were when a job began.
 *
 * @param files by path, with size and time of the last change
 */
record BaseState(Map<String, String> files) implements Serializable {
  static BaseState of(OpenBase base) throws IOException {
    return of(base.files());
  }

  private static BaseState of(List<Path> paths) throws IOException {
    Map<String, String> files = new TreeMap<>();
    for (Path file : paths) {
      files.put(file.toString(), Files.size(file) + " bytes of " + Files.getLastModifiedTime(file));
    }
    return new BaseState(files);
  }

  /** Looks at the files again, without opening them, and refuses a base that is another by now. */
  void requireUnchanged(ClusterConfiguration configuration) throws IOException {
    List<Path> paths = new ArrayList<>();
    for (String file : files.keySet()) {
      paths.add(Executors.path(configuration, file));
    }
    require(of(paths));
  }

  /** Refuses a base that is another by now. */
  void require(BaseState now) {
    Set<String> names = new TreeSet<>(files.keySet());
    names.addAll(now.files.keySet());
    for (String name : names) {
      String before = files.getOrDefault(name, "not there");
      String after = now.files.getOrDefault(name, "not there");
      if (!before.equals(after)) {
        throw new SparkJobException(
            "the base changed while the job ran: %s was %s and is %s; run again when its files are at rest"
                .formatted(name, before, after));
      }
    }
  }
}
