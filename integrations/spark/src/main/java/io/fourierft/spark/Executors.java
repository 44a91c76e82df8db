package io.fourierft.spark;

import io.fourierft.EngineOptions;
import io.fourierft.EngineUnavailableException;
import io.fourierft.FourierEngine;
import io.fourierft.merge.OpenBase;
import io.fourierft.spark.files.HadoopPaths;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/**
 * What the tasks of one virtual machine share: an engine for each device, the open bases, Hadoop's
 * file systems. A task's own thread computes, so that an engine of the CPU has one thread for each
 * core of a task.
 */
final class Executors {
  private static final String GPU = "gpu";
  private static final Map<String, FourierEngine> ENGINES = new HashMap<>();
  private static final Map<String, OpenBase> BASES = new HashMap<>();
  private static final Map<Map<String, String>, HadoopPaths> PATHS = new HashMap<>();

  private Executors() {}

  /** The engine for a task: on the GPU that Spark gave it, else on the CPU. */
  static FourierEngine engine(TaskContext task) {
    ResourceInformation gpus = task.resources().get(GPU).getOrElse(() -> null);
    return engine(gpus == null ? new String[0] : gpus.addresses(), Math.max(1, task.cpus()));
  }

  /**
   * The same by what Spark gave.
   *
   * @param gpus their addresses
   * @param cores of the task
   * @throws SparkJobException if there is no such device here, or it cannot be used
   */
  static FourierEngine engine(String[] gpus, int cores) {
    String device = device(gpus);
    synchronized (ENGINES) {
      FourierEngine engine = ENGINES.get(device + "/" + cores);
      if (engine == null) {
        try {
          engine =
              FourierEngine.create(EngineOptions.defaults().withDevice(device).withThreads(cores));
        } catch (EngineUnavailableException e) {
          throw new SparkJobException(
              "the executor on %s was given the GPU %s, which it cannot use: %s"
                  .formatted(host(), String.join(", ", gpus), e.getMessage()),
              e);
        }
        ENGINES.put(device + "/" + cores, engine);
      }
      return engine;
    }
  }

  /** What this machine is called. */
  static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "a machine without a name";
    }
  }

  /** The device of the first GPU among a task's, by the number that Spark has for it. */
  static String device(String[] addresses) {
    return addresses.length == 0 ? "cpu" : "cuda:" + addresses[0];
  }

  /** How files are found here by these settings of Hadoop's. */
  static HadoopPaths paths(ClusterConfiguration configuration) {
    synchronized (PATHS) {
      return PATHS.computeIfAbsent(
          configuration.settings(), key -> new HadoopPaths(configuration.hadoop()));
    }
  }

  /** A path to read. */
  static Path path(ClusterConfiguration configuration, String text) throws IOException {
    return configuration.paths().of(text);
  }

  /**
   * The base, opened once and again only when its files have changed.
   *
   * @param expected its {@link BaseState} in the driver
   * @throws SparkJobException if it is another by now
   */
  static OpenBase base(ClusterConfiguration configuration, String base, BaseState expected)
      throws IOException {
    synchronized (BASES) {
      OpenBase open = BASES.get(base);
      if (open == null || !BaseState.of(open).equals(expected)) {
        // One that was open before stays so: tasks of an earlier job may still read it.
        OpenBase again = OpenBase.open(path(configuration, base));
        BASES.put(base, again);
        open = again;
      }
      expected.require(BaseState.of(open));
      return open;
    }
  }
}
