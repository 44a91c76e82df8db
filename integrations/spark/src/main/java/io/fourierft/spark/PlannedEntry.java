package io.fourierft.spark;

import java.io.Serializable;
import java.util.List;

/**
 * What an executor found out about one output before any is written.
 *
 * @param index its number in the job
 * @param entry what it is made of
 * @param inputs the adapters' files, by size, time and hash
 * @param shapes the same text for outputs whose tensors have the same shapes
 * @param tensors how many it writes, or changes
 * @param sizeInBytes their bytes
 * @param files the files that tasks write, with their bytes; of deltas the one file
 * @param failure why it cannot be made; empty if it can
 */
record PlannedEntry(
    int index,
    AdapterEntry entry,
    String inputs,
    String shapes,
    int tensors,
    long sizeInBytes,
    List<PlannedFile> files,
    String failure)
    implements Serializable {
  static PlannedEntry failed(int index, AdapterEntry entry, String failure) {
    return new PlannedEntry(index, entry, "", "", 0, 0, List.of(), failure);
  }

  /**
   * A file to be written.
   *
   * @param name in the output
   * @param sizeInBytes of its tensors; 0 of a file without
   */
  record PlannedFile(String name, long sizeInBytes) implements Serializable {}
}
