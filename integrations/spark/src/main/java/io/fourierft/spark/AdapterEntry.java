package io.fourierft.spark;

import java.io.Serializable;
import java.util.List;

/**
 * What one output is made of, as {@link io.fourierft.bulk.AdapterSet}, with Hadoop's paths.
 *
 * @param name what the output is called
 * @param adapters folders as PEFT saves them
 */
public record AdapterEntry(String name, List<String> adapters) implements Serializable {
  /** Copies the list, as one that can travel. */
  public AdapterEntry {
    adapters = List.copyOf(adapters);
  }
}
