package io.fourierft.spark;

import java.io.Serializable;

/**
 * A file that an attempt of a task has written whole.
 *
 * @param index the output that it belongs to, by its number in the job
 * @param file its name in the output; empty of an output that is one file
 * @param temporary where it is
 * @param sizeInBytes its length
 * @param failure why there is none; empty if there is one
 */
record WrittenFile(int index, String file, String temporary, long sizeInBytes, String failure)
    implements Serializable {}
