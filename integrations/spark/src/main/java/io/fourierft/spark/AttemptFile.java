package io.fourierft.spark;

import java.io.IOException;
import java.io.OutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;

/**
 * A file under a name that no other attempt of any task has.
 *
 * @param path where it is
 * @param length in bytes
 */
record AttemptFile(Path path, long length) {
  /**
   * Writes one; if that fails nothing is left.
   *
   * @param number tells the files of one attempt apart
   */
  static AttemptFile write(
      Path temporary, TaskContext task, int number, Configuration configuration, Content content)
      throws IOException {
    Path path = new Path(temporary, "attempt-" + task.taskAttemptId() + "-" + number);
    FileSystem files = OutputFolder.fileSystem(path, configuration);
    boolean whole = false;
    long length;
    // Not where the job has ended meanwhile and has removed its temporary folder.
    files.getFileStatus(temporary);
    try (FSDataOutputStream out = files.create(path, false)) {
      content.writeTo(out);
      length = out.getPos();
      whole = true;
    } finally {
      if (!whole) {
        files.delete(path, false);
      }
    }
    return new AttemptFile(path, length);
  }

  /** What is written. */
  @FunctionalInterface
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }
}
