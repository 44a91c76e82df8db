package io.fourierft.spark;

import java.io.Serializable;
import java.util.List;

/**
 * What an executor found out about one output before any is written.
 *
 * @param index its number in the job
 * @param entry what it is made of
 * @param record the text of its {@link io.fourierft.bulk.OutputRecord}, without its files
 * @param contents what will be written
 * @param failure why it cannot be made; empty if it can
 */
record PlannedEntry(
    int index, AdapterEntry entry, String record, OutputKind.Contents contents, String failure)
    implements Serializable {
  static PlannedEntry failed(int index, AdapterEntry entry, String failure) {
    return new PlannedEntry(
        index, entry, "", new OutputKind.Contents("", 0, 0, List.of()), failure);
  }
}
