package io.fourierft.spark;

import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.bulk.AdapterSet;
import io.fourierft.bulk.OutputRecords;
import io.fourierft.merge.OpenBase;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;

/** What the outputs of a job are made of and how; works on the executors. */
interface OutputKind extends Serializable {
  /** What follows a name in that of its output. */
  String extension();

  /** By which a later job tells whether an output need be made again. */
  OutputRecords records(OpenBase base) throws IOException;

  /** Checks a set against the base, and says what will be written. */
  Contents plan(OpenBase base, AdapterSet set) throws IOException;

  /** Cuts the files of a task into batches that are made together. */
  List<List<FileTask>> batches(List<FileTask> files);

  /** Makes the files of one batch. */
  void write(OpenBase base, List<Job> batch, FourierEngine engine, Sink sink) throws IOException;

  /**
   * What an output holds.
   *
   * @param shapes the same text for outputs whose tensors have the same shapes
   * @param tensors how many are written, or changed
   * @param sizeInBytes their bytes
   * @param files that tasks write; of deltas the one file, without a name
   */
  record Contents(String shapes, int tensors, long sizeInBytes, List<PlannedFile> files)
      implements Serializable {}

  /**
   * A file to be written.
   *
   * @param name in the output
   * @param sizeInBytes of its tensors; 0 of a file without
   */
  record PlannedFile(String name, long sizeInBytes) implements Serializable {}

  /** One file of one output, by the output's number in the job. */
  record FileTask(int index, AdapterEntry entry, Contents contents, PlannedFile file)
      implements Serializable {}

  /** A file that a task is at, and what it is made of. */
  record Job(FileTask task, AdapterSet set) {}

  /** Takes what becomes of each file of a batch. */
  interface Sink {
    /** A file with this content; its failure is the file's. */
    void write(Job job, AttemptFile.Content content) throws IOException;

    /** A file that cannot be made. */
    void fail(Job job, FourierException failure);
  }
}
