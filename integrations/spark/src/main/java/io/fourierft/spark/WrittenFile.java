package io.fourierft.spark;

import java.io.Serializable;

/**
 * A file that an attempt of a task has written whole.
 *
 * @param index the output that it belongs to, by its number in the job
 * @param file its name in the output; empty of an output that is one file
 * @param temporary where it is
 * @param length its length in bytes
 * @param failure why there is none; empty if there is one
 */
record WrittenFile(int index, String file, String temporary, long length, String failure)
    implements Serializable {
  static WrittenFile failed(int index, String failure) {
    return new WrittenFile(index, "", "", 0, failure);
  }
}
