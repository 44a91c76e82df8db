package io.fourierft.spark;

import io.fourierft.spark.files.HadoopPaths;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** Hadoop's configuration of the driver, as it travels to the executors. */
final class ClusterConfiguration implements Serializable {
  private static final long serialVersionUID = 1L;

  private final HashMap<String, String> settings = new HashMap<>();
  private transient HadoopPaths paths;

  ClusterConfiguration(Configuration hadoop) {
    for (Map.Entry<String, String> setting : hadoop) {
      settings.put(setting.getKey(), setting.getValue());
    }
  }

  Configuration hadoop() {
    Configuration configuration = new Configuration(false);
    settings.forEach(configuration::set);
    return configuration;
  }

  Map<String, String> settings() {
    return settings;
  }

  /** Those of this virtual machine, one for each content of the settings. */
  synchronized HadoopPaths paths() {
    if (paths == null) {
      paths = Executors.paths(this);
    }
    return paths;
  }
}
