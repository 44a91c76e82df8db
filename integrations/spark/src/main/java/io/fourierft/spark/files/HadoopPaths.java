package io.fourierft.spark.files;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/** Makes {@code java.nio} paths of Hadoop's. Safe for any number of threads. */
public final class HadoopPaths {
  private final Configuration configuration;
  private final HadoopProvider provider = new HadoopProvider();
  private final Map<String, HadoopFileSystem> fileSystems = new ConcurrentHashMap<>();

  /** For the file systems that a configuration has. */
  public HadoopPaths(Configuration configuration) {
    this.configuration = configuration;
  }

  /**
   * A path that can be read.
   *
   * @param text as Hadoop takes it: {@code hdfs://host/folder}, {@code s3a://bucket/folder}, or
   *     without a scheme, in the default file system
   * @throws IOException if its file system cannot be had
   */
  public Path of(String text) throws IOException {
    org.apache.hadoop.fs.Path hadoop = new org.apache.hadoop.fs.Path(text);
    FileSystem files = hadoop.getFileSystem(configuration);
    org.apache.hadoop.fs.Path qualified = files.makeQualified(hadoop);
    HadoopFileSystem fileSystem =
        fileSystems.computeIfAbsent(
            files.getUri().toString(), key -> new HadoopFileSystem(provider, files));
    return new HadoopPath(fileSystem, qualified.toUri().getPath());
  }

  /** Hadoop's own path of one of these. */
  public static org.apache.hadoop.fs.Path hadoop(Path path) {
    return ((HadoopPath) path.toAbsolutePath()).hadoop();
  }
}
