package io.fourierft.training;

import io.fourierft.layer.LayerGroup;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** Gives trained values to layers, so that no pass over layers of one group sees a part of them. */
final class Publishing {
  private Publishing() {}

  /** Publishes all parameters; if one fails, layers of a group are as before. */
  static void publish(List<? extends TrainableParameter> parameters) {
    Set<LayerGroup> groups = Collections.newSetFromMap(new IdentityHashMap<>());
    Runnable work = () -> parameters.forEach(TrainableParameter::publish);
    for (TrainableParameter parameter : parameters) {
      LayerGroup group = parameter.group();
      if (group != null && groups.add(group)) {
        Runnable inner = work;
        work = () -> group.exchange(inner);
      }
    }
    work.run();
  }
}
