package io.fourierft.spark;

import io.fourierft.bulk.OutputRecord;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The folder that a job writes into. Tasks write under names of their attempts in a temporary
 * folder; the driver alone renames what arrived, and in the end removes the temporary folder with
 * all that killed or slower attempts have left there.
 */
final class OutputFolder implements AutoCloseable {
  private static final String MARK = "_fourierft-job";
  private static final String TEMPORARY = "_fourierft-temporary";
  private static final String RECORDS = "_fourierft-records";

  private final FileSystem files;
  private final Path folder;

  private OutputFolder(FileSystem files, Path folder) {
    this.files = files;
    this.folder = folder;
  }

  /** The file system of a path; of this machine without Hadoop's files of checksums. */
  static FileSystem fileSystem(Path path, Configuration configuration) throws IOException {
    FileSystem files = path.getFileSystem(configuration);
    return files instanceof LocalFileSystem local ? local.getRawFileSystem() : files;
  }

  /**
   * Takes the folder for one job.
   *
   * @param owner says who it is to whoever finds the mark
   * @throws SparkJobException if another job has it
   */
  static OutputFolder take(String output, String owner, Configuration configuration)
      throws IOException {
    Path path = new Path(output);
    FileSystem files = fileSystem(path, configuration);
    Path folder = files.makeQualified(path);
    if (exists(files, folder) && files.getFileStatus(folder).isFile()) {
      throw new SparkJobException(folder + " is a file; the outputs need the name of a folder");
    }
    files.mkdirs(folder);
    Path mark = new Path(folder, MARK);
    try (FSDataOutputStream out = files.create(mark, false)) {
      out.write(owner.getBytes(StandardCharsets.UTF_8));
    } catch (FileAlreadyExistsException | java.nio.file.FileAlreadyExistsException e) {
      throw inUse(mark, e);
    } catch (IOException e) {
      if (exists(files, mark)) {
        throw inUse(mark, e);
      }
      throw e;
    }
    OutputFolder taken = new OutputFolder(files, folder);
    // What a driver that was killed has left.
    files.delete(taken.temporary(), true);
    files.mkdirs(taken.temporary());
    return taken;
  }

  private static SparkJobException inUse(Path mark, IOException e) {
    return new SparkJobException(
        ("another job writes into %s at this moment, or was killed there; if none does, remove %s")
            .formatted(mark.getParent(), mark),
        e);
  }

  private static boolean exists(FileSystem files, Path path) throws IOException {
    try {
      files.getFileStatus(path);
      return true;
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  /** Where tasks write. */
  Path temporary() {
    return new Path(folder, TEMPORARY);
  }

  /** The final path of an output. */
  Path target(String name) {
    return new Path(folder, name);
  }

  /** The path of an output's record. */
  Path record(String name) {
    return new Path(new Path(folder, RECORDS), name + ".json");
  }

  boolean exists(Path path) throws IOException {
    return exists(files, path);
  }

  /** What an output was made from; empty if there is no record. */
  Optional<OutputRecord> readRecord(String name) throws IOException {
    try (var in = files.open(record(name))) {
      return OutputRecord.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
  }

  void writeRecord(String name, OutputRecord record) throws IOException {
    Path written = new Path(temporary(), "record-" + name);
    try (FSDataOutputStream out = files.create(written, true)) {
      out.write(record.asText().getBytes(StandardCharsets.UTF_8));
    }
    files.mkdirs(record(name).getParent());
    move(written, record(name), true);
  }

  /** How much of an output is there. */
  enum Presence {
    WHOLE,
    /** Some files: where a folder is renamed file by file, a killed driver leaves it so. */
    IN_PART,
    /** Something else has its name. */
    ANOTHER
  }

  /** Looks for the files of a record, by their lengths. */
  Presence presence(List<OutputRecord.FileRecord> records) throws IOException {
    Presence presence = records.isEmpty() ? Presence.ANOTHER : Presence.WHOLE;
    for (OutputRecord.FileRecord record : records) {
      try {
        if (files.getFileStatus(new Path(folder, record.path())).getLen() != record.size()) {
          return Presence.ANOTHER;
        }
      } catch (FileNotFoundException e) {
        presence = Presence.IN_PART;
      }
    }
    return presence;
  }

  /** Sees that nothing has a name; what had it is removed if that is allowed. */
  void free(Path name, boolean replaces) throws IOException {
    if (exists(files, name)) {
      if (!replaces) {
        throw new SparkJobException(
            name + " exists already; give another name, or allow it to be replaced (overwrite)");
      }
      files.delete(name, true);
    }
  }

  /** Gives a finished file or folder its name; what had it is removed if that is allowed. */
  void move(Path from, Path to, boolean replaces) throws IOException {
    free(to, replaces);
    files.mkdirs(to.getParent());
    if (!files.rename(from, to)) {
      throw new IOException("%s could not be renamed to %s".formatted(from, to));
    }
  }

  @Override
  public void close() {
    try {
      files.delete(temporary(), true);
      files.delete(new Path(folder, MARK), false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
