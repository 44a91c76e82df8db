package io.fourierft.layer;

import io.fourierft.AdapterRouting;
import io.fourierft.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The adapters of a pass whose coefficients are trained. Set anew from call to call. */
final class TrainedAdapters {
  private @Nullable AdapterRouting routing;
  private final List<Matrix> gradients = new ArrayList<>();

  /**
   * Takes over the adapters of a routing, with what the gradient of each is added to.
   *
   * @param byName has one for every name of {@code trained}
   */
  void set(AdapterRouting newRouting, List<String> trained, Map<String, ? extends Matrix> byName) {
    routing = newRouting;
    gradients.clear();
    for (int i = 0; i < trained.size(); i++) {
      gradients.add(Objects.requireNonNull(byName.get(trained.get(i))));
    }
  }

  /** Lets go of them. */
  void clear() {
    routing = null;
    gradients.clear();
  }

  /** Them alone. */
  AdapterRouting routing() {
    return Objects.requireNonNull(routing, "set comes first");
  }

  /** One for each adapter of the routing. */
  List<Matrix> gradients() {
    return gradients;
  }

  /** Whether every adapter of the pass is trained. */
  @SuppressWarnings("ReferenceEquality") // A routing of which none was left out is the same one.
  boolean areAllOf(AdapterRouting pass) {
    return routing == pass;
  }
}
