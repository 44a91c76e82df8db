package io.fourierft.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * What every executor must have as the driver does, so that all outputs are of one making.
 *
 * @param version of the library
 * @param vectors whether the vector module is there, and with it the SIMD kernels
 */
record Handshake(String version, boolean vectors) implements Serializable {
  /** What this virtual machine has. */
  static Handshake ofThisMachine() {
    return new Handshake(
        libraryVersion(), ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent());
  }

  private static String libraryVersion() {
    Properties properties = new Properties();
    try (InputStream in =
        Handshake.class.getResourceAsStream("/io/fourierft/cli/version.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version", "unknown");
  }

  /**
   * Refuses an executor that differs from the driver, which this is of.
   *
   * @param executor what the executor has
   * @param host where it runs
   */
  void require(Handshake executor, String host) {
    if (!version.equals(executor.version)) {
      throw new SparkJobException(
          ("the executor on %s has version %s of fourierft and the driver %s; give both the same"
                  + " jar (spark-submit --jars)")
              .formatted(host, executor.version, version));
    }
    if (vectors && !executor.vectors) {
      throw new SparkJobException(
          ("the executor on %s runs without the vector module, which the driver has, and would"
                  + " compute other last bits, slower; start it with --conf"
                  + " spark.executor.extraJavaOptions=\"--add-modules=jdk.incubator.vector\"")
              .formatted(host));
    }
    if (!vectors && executor.vectors) {
      throw new SparkJobException(
          ("the driver runs without the vector module, which the executor on %s has; start it with"
                  + " --driver-java-options=--add-modules=jdk.incubator.vector")
              .formatted(host));
    }
  }
}
