package io.fourierft.spark;

import io.fourierft.bulk.AdapterSet;
import io.fourierft.merge.OpenBase;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What every task of a job knows.
 *
 * @param configuration Hadoop's
 * @param base the base's path
 * @param state its files as they were when the job began
 * @param handshake what the driver has, and so every executor must
 */
record JobScope(
    ClusterConfiguration configuration, String base, BaseState state, Handshake handshake)
    implements Serializable {
  /** The base, on an executor that is as the driver. */
  OpenBase open() throws IOException {
    handshake.require(Handshake.ofThisMachine(), Executors.host());
    return Executors.base(configuration, base, state);
  }

  /** Refuses to go on if the base has changed. */
  void requireUnchanged() throws IOException {
    state.requireUnchanged(configuration);
  }

  /** The adapters of an entry. */
  AdapterSet set(AdapterEntry entry) throws IOException {
    List<Path> paths = new ArrayList<>();
    for (String adapter : entry.adapters()) {
      paths.add(Executors.path(configuration, adapter));
    }
    return new AdapterSet(entry.name(), paths);
  }
}
