package io.fourierft.training;

import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * All parameters of a training.
 *
 * @param parameters those of the first group, then those of the next
 * @param groups the group of each, by its place
 */
record ParameterSet(List<TrainableParameter> parameters, List<Integer> groups) {
  /**
   * The parameters of all groups.
   *
   * @throws FourierException if there is no group, a name occurs twice, or not all are in one
   *     memory
   */
  static ParameterSet of(List<ParameterGroup> all) {
    if (all.isEmpty()) {
      throw new FourierException("a trainer needs at least one group of parameters");
    }
    Set<String> groupNames = new HashSet<>();
    Set<String> names = new HashSet<>();
    List<TrainableParameter> parameters = new ArrayList<>();
    List<Integer> groups = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      ParameterGroup group = all.get(i);
      if (!groupNames.add(group.name())) {
        throw new FourierException("two groups of parameters are named '" + group.name() + "'");
      }
      for (TrainableParameter parameter : group.parameters()) {
        if (!names.add(parameter.name())) {
          throw new FourierException("two parameters are named '" + parameter.name() + "'");
        }
        parameters.add(parameter);
        groups.add(i);
      }
    }
    requireTogether(parameters);
    return new ParameterSet(List.copyOf(parameters), List.copyOf(groups));
  }

  private static void requireTogether(List<TrainableParameter> parameters) {
    TrainableParameter first = parameters.getFirst();
    boolean host = isOnHost(first);
    for (TrainableParameter other : parameters) {
      if (isOnHost(other) != host) {
        throw new FourierException(
            "%s is on the host and %s on a device; one trainer's parameters are all in one memory"
                .formatted(host ? first : other, host ? other : first));
      }
    }
  }

  private static boolean isOnHost(TrainableParameter parameter) {
    return parameter.values() instanceof HostMatrix;
  }

  /** Whether they are in host memory. */
  boolean isOnHost() {
    return isOnHost(parameters.getFirst());
  }
}
