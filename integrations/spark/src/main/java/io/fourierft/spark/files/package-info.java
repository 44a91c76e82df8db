/**
 * Hadoop's file systems as {@code java.nio} ones, for reading: so that all of the library that
 * reads a {@link java.nio.file.Path} reads HDFS, S3A and local files alike, a range at a time.
 */
package io.fourierft.spark.files;
