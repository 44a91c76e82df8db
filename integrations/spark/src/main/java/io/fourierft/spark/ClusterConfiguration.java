package io.fourierft.spark;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** Hadoop's configuration of the driver, as it travels to the executors. */
final class ClusterConfiguration implements Serializable {
  private static final long serialVersionUID = 1L;

  private final HashMap<String, String> settings = new HashMap<>();

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
}
