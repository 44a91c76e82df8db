package io.fourierft.spark;

import java.io.IOException;
import java.io.OutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;

/** Writes a file under a name that no other attempt of any task has. */
final class AttemptFile {
  private AttemptFile() {}

  /**
   * Writes it; if that fails nothing is left.
   *
   * @param number tells the files of one attempt apart
   * @return where it is
   */
  static Path write(
      Path temporary, TaskContext task, int number, Configuration configuration, Content content)
      throws IOException {
    Path path = new Path(temporary, "attempt-" + task.taskAttemptId() + "-" + number);
    FileSystem files = OutputFolder.fileSystem(path, configuration);
    boolean whole = false;
    try (FSDataOutputStream out = files.create(path, false)) {
      content.writeTo(out);
      whole = true;
    } finally {
      if (!whole) {
        files.delete(path, false);
      }
    }
    return path;
  }

  /** What is written. */
  @FunctionalInterface
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }
}
